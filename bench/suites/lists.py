"""Lists and their templates: Liquid in process beside other engines, and `hob list` as it is run.

All engines get the same records, and an equivalent template: what they write must be the same, byte
for byte. LiquidJS is Liquid for Node. python-liquid is the engine of the reference. Jinja2 stands for
what is possible in Python: it compiles a template to a Python function, which python-liquid, walking
the template's tree for each record, cannot beat.
"""

import json
import pathlib

from harness import CV
from peers import missing, node_folder, run_python

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
PUBLICATION = """\
* {% for person in author %}{% if forloop.first == false %}{% if forloop.last %} and {% else %}, \
{% endif %}{% endif %}{{ person.given | slice: 0 }}. {{ person.family }}{% endfor %} ({{ year }}). \
{% if type == "thesis" %}*{{ title }}*{% else %}{{ title | escape }}. *{{ venue }}*{% endif %}\
{% if pages %}, {{ pages | replace: "-", "–" }}{% endif %}.\
{% if doi %} [doi:{{ doi | upcase }}](https://doi.org/{{ doi }}){% endif %}
"""
JINJA = """\
* {% for person in author %}{% if not loop.first %}{% if loop.last %} and {% else %}, \
{% endif %}{% endif %}{{ person.given[0] }}. {{ person.family }}{% endfor %} ({{ year }}). \
{% if type == "thesis" %}*{{ title }}*{% else %}{{ title | escape }}. *{{ venue }}*{% endif %}\
{% if pages %}, {{ pages | replace("-", "–") }}{% endif %}.\
{% if doi %} [doi:{{ doi | upper }}](https://doi.org/{{ doi }}){% endif %}
"""
# `make` turns the template's text into something with a method `render`.
PYTHON = """
import json, sys, time
{make}
template = make(open(sys.argv[1], encoding="utf-8").read())
rows, times = json.load(open(sys.argv[2], encoding="utf-8")), []
for turn in range(-1, int(sys.argv[3])):
    began = time.perf_counter()
    texts = [template.render(**row) for row in rows]
    if turn >= 0:
        times.append((time.perf_counter() - began) * 1000)
open(sys.argv[4], "w", encoding="utf-8").write("".join(texts))
print(json.dumps(times))
"""
MAKE_JINJA = """
import jinja2
make = jinja2.Environment(keep_trailing_newline=True).from_string
"""
MAKE_LIQUID = """
import liquid
make = getattr(liquid, "parse", None) or liquid.Template
"""


def publications(count):
    given, family = ["Tamsin", "Séverine", "Odd", "Ines"], ["Ravndal", "Aubracque", "Lund", "Sá"]
    return [{"id": f"p{i}", "title": f"On the {i}th still water & its {i % 17} moods",
             "author": [{"given": given[(i + k) % 4], "family": family[(i // 3 + k) % 4]}
                        for k in range(1 + i % 4)],
             "year": 1960 + i % 64, "venue": f"Annals of weak water {i % 40}",
             "type": "thesis" if i % 20 == 0 else "article", "pages": f"{i}-{i + 11}",
             "doi": f"10.5555/aef.{i}"} for i in range(count)]


def engines(bench, template, jinja, records, count, out):
    """(name, how to render once more) of the engines that are here; the times are in milliseconds."""
    if not missing(("LiquidJS",), bench.build):
        folder, _ = node_folder(str(bench.build))
        yield "LiquidJS", lambda: json.loads(bench.run_tool(
            "node", "render.mjs", template, records, count, out, cwd=folder))
    if not missing(("Liquid for Ruby",), bench.build):
        yield "Liquid for Ruby", lambda: json.loads(bench.run_tool(
            "ruby", PEERS / "render.rb", template, records, count, out))
    for name, module, make, source in (("python-liquid", "liquid", MAKE_LIQUID, template),
                                       ("Jinja2", "jinja2", MAKE_JINJA, jinja)):
        if not missing((name,), bench.build):
            program = PYTHON.replace("{make}", make)
            yield name, lambda module=module, program=program, source=source: run_python(
                (module,), program, source, records, count, out)


def bench_templates(bench, records, count):
    template, jinja = bench.scratch / "publication.liquid", bench.scratch / "publication.jinja"
    template.write_text(PUBLICATION, encoding="utf-8")
    jinja.write_text(JINJA, encoding="utf-8")
    expected, out = bench.scratch / "expected.md", bench.scratch / "theirs.md"

    def render():
        return json.loads(bench.run_tool(bench.tools / "render", template, records, 3 * count, expected))
    ours = render()
    found = []
    for name, theirs in engines(bench, template, jinja, records, count, out):
        found.append((name, theirs()))
        if out.read_bytes() != expected.read_bytes():
            raise RuntimeError(f"{name} and hob wrote different texts")
    ours += render()
    what = "render a template for 10,000 records"
    for name, times in found:
        bench.add(what, ours, "ms", name, times)


def bench_lists(bench):
    records, blocks = bench.scratch / "publications.json", bench.scratch / "publications.yml"
    records.write_text(json.dumps(publications(10_000)))
    bench_templates(bench, records, 3 if bench.quick else 9)
    bench.run_tool(bench.binaries / "hob", "convert", records, blocks)
    for path in (records, blocks):
        listing = [bench.binaries / "hob", "list", "publications", path, "--config",
                   CV / "cvlists.yml", "--templates", CV / "templates"]
        took, = bench.spawn(10 if bench.quick else 30, listing)
        bench.add(f"hob list of 10,000 publications, {path.suffix[1:]}", took.times(1e-3), "ms")
