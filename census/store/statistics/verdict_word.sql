-- The decoy verdict of an endpoint in a word: credible, suspect or decoy.
create function stats.verdict_word(verdict smallint)
returns text
language sql immutable parallel safe
return (array['credible', 'suspect', 'decoy'])[verdict + 1];
