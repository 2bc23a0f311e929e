"""The same report by DuckDB: a native table in memory, sorted by day, the province already in the row."""
import statistics, sys, time
import duckdb

rows, asked = sys.argv[1], int(sys.argv[2])
now, before = ("2025-01-01", "2025-06-30"), ("2024-01-01", "2024-06-30")
db = duckdb.connect()
db.execute("SET enable_progress_bar = false")
db.execute(f"""CREATE TABLE event AS SELECT * FROM read_csv('{rows}', header = true, columns = {{
  'day': 'DATE', 'province': 'SMALLINT', 'type': 'VARCHAR', 'direction': 'TINYINT',
  'delegations': 'SMALLINT', 'persons': 'INTEGER'}}) ORDER BY day""")
db.execute("""CREATE TYPE kind AS ENUM (SELECT DISTINCT type FROM event ORDER BY type)""")
db.execute("""ALTER TABLE event ALTER type TYPE kind""")

def within(window):
    return f"day BETWEEN DATE '{window[0]}' AND DATE '{window[1]}'"

sums = "count(*), sum(delegations), sum(persons)"
beside = ", ".join(
    f"{what} FILTER ({within(window)})"
    for what in ("count(*)", "sum(delegations)", "sum(persons)")
    for window in (now, before)
)
queries = [
    # Both windows in one pass.
    f"""SELECT province, type, direction, {beside} FROM event
        WHERE {within(now)} OR {within(before)} GROUP BY ALL""",
    # One pass for each.
    f"""SELECT * FROM (SELECT province, type, direction, {sums} FROM event WHERE {within(now)} GROUP BY ALL)
        FULL JOIN (SELECT province, type, direction, {sums} FROM event WHERE {within(before)} GROUP BY ALL)
        USING (province, type, direction)""",
]

def median(query):
    times = []
    for _ in range(asked):
        began = time.perf_counter()
        db.execute(query).fetchall()
        times.append(time.perf_counter() - began)
    return statistics.median(times)

for query in queries:
    db.execute(query).fetchall()
print(min(median(query) for query in queries))
totals = db.execute(f"SELECT {beside} FROM event WHERE {within(now)} OR {within(before)}").fetchone()
print(" ".join(str(total) for total in totals))
