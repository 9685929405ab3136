#!/bin/sh
# Runs once, when the database volume is new: the owner of the tables and the application's role.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set=owner_password="$WINNOW_OWNER_PASSWORD" \
    --set=app_password="$WINNOW_APP_PASSWORD" <<'SQL'
CREATE ROLE winnow_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE winnow_app LOGIN PASSWORD :'app_password';
CREATE DATABASE winnow OWNER winnow_owner;
SQL
