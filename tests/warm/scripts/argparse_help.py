# args: --help
import argparse
parser = argparse.ArgumentParser(description="A tool.")
parser.add_argument("--count", type=int, default=1, help="how many")
parser.parse_args()
