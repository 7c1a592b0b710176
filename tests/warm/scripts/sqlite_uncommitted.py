import sqlite3
c = sqlite3.connect("db.sqlite")
c.execute("create table t (x)")
c.execute("insert into t values (1)")
print(c.execute("select count(*) from t").fetchall())
