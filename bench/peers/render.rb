# Renders a template for each record: TEMPLATE RECORDS TURNS OUT; prints the milliseconds of each turn.
require "liquid"; require "json"
template = Liquid::Template.parse(File.read(ARGV[0], encoding: "utf-8"))
rows = JSON.parse(File.read(ARGV[1], encoding: "utf-8"))
times = []
texts = nil
(-1...ARGV[2].to_i).each do |turn|
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  texts = rows.map { |row| template.render(row) }
  times << (Process.clock_gettime(Process::CLOCK_MONOTONIC) - began) * 1000 if turn >= 0
end
File.write(ARGV[3], texts.join)
puts JSON.generate(times)
