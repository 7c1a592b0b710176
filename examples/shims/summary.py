#!/usr/bin/env python3
"""One page of sums from a table: the kind of tool whose imports take a hundred times its work."""
import argparse
import pathlib

import pandas


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--table", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent / "sales.csv")
    options = parser.parse_args()
    sales = pandas.read_csv(options.table)
    shop = sorted(sales["shop"].unique())[options.number % sales["shop"].nunique()]
    sales["worth"] = sales["count"] * sales["price"]
    sums = sales[sales["shop"] == shop].groupby("kind")["worth"].sum().round(2)
    options.output.write_text(sums.to_json() + "\n")


if __name__ == "__main__":
    main()
