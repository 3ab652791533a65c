"""The database: tables, migrations, retention."""
