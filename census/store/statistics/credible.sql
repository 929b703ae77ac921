-- Whether an endpoint with this decoy verdict is credible: anything but a decoy is. Nowhere else is this decided.
create function stats.credible(verdict smallint)
returns boolean
language sql immutable parallel safe
return verdict < 2;
