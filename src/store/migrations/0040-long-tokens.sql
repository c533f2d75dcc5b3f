-- Identifiers of OCPP 2.1 have up to 255 characters.
alter table cariflex.id_token drop constraint id_token_token_check, add check (token <> '' and length(token) <= 255);
