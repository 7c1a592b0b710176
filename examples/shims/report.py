#!/usr/bin/env python3
"""One page of a report: stands for any tool of a build whose imports take longer than its work."""
import argparse
import csv
import datetime
import decimal
import email.message
import json
import logging
import pathlib
import urllib.request
import xml.etree.ElementTree


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    page = {"number": options.number, "square": str(decimal.Decimal(options.number) ** 2),
            "weekday": (datetime.date(2024, 1, 1) + datetime.timedelta(options.number)).strftime("%A")}
    options.output.write_text(json.dumps(page) + "\n")


if __name__ == "__main__":
    main()
