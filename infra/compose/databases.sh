#!/bin/sh
# Run by the PostgreSQL image when its volume is new: a role and a database for each server, and nothing else for either.
set -eu

for name in prefect mlflow; do
  case $name in
    prefect) password=$PREFECT_DATABASE_PASSWORD ;;
    mlflow) password=$MLFLOW_DATABASE_PASSWORD ;;
  esac
  psql --set=ON_ERROR_STOP=1 --username=postgres --set=name="$name" --set=password="$password" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
done
