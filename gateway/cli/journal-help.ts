/** What the help of the verbs of the journal says beyond their options. */
export const journalHelp = {
  export: `
One folder, readable by this user alone: a file a table (JSON, a row a line, gzip), and manifest.json with the number of
rows, a digest of each table and the SHA-256 of each file. All of it is of one moment; messages that come meanwhile are
not in it. It is there whole or not at all.

  hemgang journal export --out /backup/2026-03-01

It holds personal data: messages as they came, names, numbers and addresses. Keep it as the journal itself.

Exit codes: 0 written; 1 the journal or the disk failed; 2 wrong use, or no journal.`,
  import: `
Into the journal that the configuration names, in either form: it must be empty, and no gateway may run on it. Every file
is held against its checksum before anything is written, and what was written is read again before anybody sees it. After
an interruption nothing is there: begin it again.

  hemgang journal import /backup/2026-03-01 --data ./data

Exit codes: 0 all of it is there; 1 the export is damaged, or the journal failed; 2 wrong use: not empty, in use.`,
  migrate: `
Stop the gateway first. The journal of the data folder is written into an empty schema in one transaction, and read again
before it is committed. After an interruption nothing is there: begin it again. Where it was moved already, both are
compared. The old files stay as they were.

  hemgang journal migrate --to postgres://hemgang@db.example:5432/hemgang --password-env HEMGANG_DB_PASSWORD

Exit codes: 0 all of it is there; 1 the journal or the database failed; 2 wrong use: no journal, in use, not empty.`,
  verify: `
The gateway may run: everything is looked at as it is at one moment. Checked are the file itself (SQLite) or the indexes
(PostgreSQL), every reference between tables, what is kept counted against what is there, the bytes of every message
against their digest, and the body of every event. What is off is told with the ids of the first rows.

  hemgang journal verify --json
  hemgang journal verify --against /backup/2026-03-01

With --against the two are compared table by table: number of rows, and a digest that is equal for equal rows.

Exit codes: 0 nothing is off; 1 something is, or the two differ; 2 wrong use, or no journal.`,
} as const;
