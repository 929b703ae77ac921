"""What people read: tables on a terminal, rows for other programs, and the page with its pictures."""
