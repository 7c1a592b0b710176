import sqlite3
with sqlite3.connect("db.sqlite") as c:
    c.execute("create table t (x)")
    c.executemany("insert into t values (?)", [(i,) for i in range(9)])
print(sqlite3.connect("db.sqlite").execute("select sum(x) from t").fetchone())
