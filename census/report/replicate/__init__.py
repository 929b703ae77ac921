"""A published study beside this census: its figures, what each of them means here, and ours where there is one."""
