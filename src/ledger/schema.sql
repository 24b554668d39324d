-- 台账 · the life of findings over months. Append-only: triggers refuse updates and deletes (`bidui purge` lifts them within its
-- own transaction). Months are yyyymm, days yyyy-mm-dd, money fen. `seq` counts what happened, in order.

-- A whole-county run that was recorded. The newest of a period counts; earlier ones of the same period stay as history.
CREATE TABLE run (
    seq INTEGER PRIMARY KEY,
    period INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    fingerprint TEXT NOT NULL,      -- tool, definitions, inputs and options
    digest TEXT NOT NULL,           -- of what it found
    recorded_at TEXT NOT NULL       -- UTC
) STRICT;
CREATE INDEX run_period ON run (period, seq);

-- A finding in a run.
CREATE TABLE sighting (
    run INTEGER NOT NULL REFERENCES run (seq),
    finding_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    clause TEXT NOT NULL,
    person_id TEXT,
    household_code TEXT,
    name TEXT,
    id_number TEXT,
    town TEXT,
    village TEXT,
    gap_fen INTEGER,
    confidence TEXT NOT NULL,
    sentence TEXT NOT NULL,
    basis TEXT NOT NULL,            -- digest of the rows it rests on; an answer expires when it changes
    listed INTEGER NOT NULL,        -- 1: asked of a village or department in this run's lists
    PRIMARY KEY (finding_id, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_run ON sighting (run);

-- What a rule was in a run: a digest of everything that its outcome follows from but the data. Since version 2.
CREATE TABLE definition (
    run INTEGER NOT NULL REFERENCES run (seq),
    rule TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, rule)
) STRICT, WITHOUT ROWID;

-- A finding known before, about which a run could not tell, or that it excused.
CREATE TABLE withheld (
    run INTEGER NOT NULL REFERENCES run (seq),
    finding_id TEXT NOT NULL,
    why TEXT NOT NULL,              -- a suspension, or 豁免
    until TEXT,
    PRIMARY KEY (finding_id, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX withheld_run ON withheld (run);

-- A returned file that was taken in. The same bytes come in again only with what they did not say before (a wording learnt since,
-- a month recorded since).
CREATE TABLE receipt (
    seq INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL,
    received_at TEXT NOT NULL       -- UTC
) STRICT;
CREATE INDEX receipt_sha256 ON receipt (sha256, seq);

-- A row of a returned file, and what became of it.
CREATE TABLE returned_row (
    receipt INTEGER NOT NULL REFERENCES receipt (seq),
    sheet TEXT NOT NULL,
    row INTEGER NOT NULL,
    outcome TEXT NOT NULL,          -- 已接收, 空白, 看不懂, 与以前回复矛盾, 找不到疑点, …
    note TEXT NOT NULL,
    PRIMARY KEY (receipt, sheet, row)
) STRICT, WITHOUT ROWID;

-- What a row answers about one finding (a list row may stand for several). A later answer stands in for an earlier one.
CREATE TABLE answer (
    seq INTEGER PRIMARY KEY,
    receipt INTEGER NOT NULL REFERENCES receipt (seq),
    sheet TEXT NOT NULL,
    row INTEGER NOT NULL,
    finding_id TEXT NOT NULL,
    list INTEGER NOT NULL,          -- month of the list that asked
    basis TEXT NOT NULL,            -- the finding's digest when it was asked
    verdict TEXT,                   -- 属实, 部分属实, 不属实
    reality TEXT NOT NULL,
    reason TEXT NOT NULL,
    opinion TEXT,
    method TEXT NOT NULL,
    checkers TEXT NOT NULL,
    checked_on TEXT,
    corrected_number TEXT NOT NULL,
    contradicts INTEGER             -- an earlier answer to the same list that says otherwise
) STRICT;
CREATE INDEX answer_finding ON answer (finding_id, seq);

-- What tells a run's key from others and says nothing else of it: with another key every id is another. Since version 3.
CREATE TABLE key_mark (
    run INTEGER NOT NULL REFERENCES run (seq) PRIMARY KEY,
    mark TEXT NOT NULL
) STRICT;

-- Rows of a run by register, town and part (school stage, subsidy), that next month's may be held against them. '' where none is named.
CREATE TABLE register_rows (
    run INTEGER NOT NULL REFERENCES run (seq),
    registry TEXT NOT NULL,
    town_code TEXT NOT NULL,
    part TEXT NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (run, registry, town_code, part)
) STRICT, WITHOUT ROWID;
