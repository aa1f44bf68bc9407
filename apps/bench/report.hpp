// What is told at the end: a table for people, JSON for programs, a plot for both.
//
// Pure: results in, text out.
#pragma once

#include <string>
#include <vector>

#include "apps/bench/figures.hpp"
#include "apps/bench/settings.hpp"

namespace troupe::apps::bench {

// All runs against one endpoint.
struct endpoint_result {
  target where;
  std::string model;
  text_scale scale;
  std::vector<run_result> runs;  // in the order of the repeats
};

// Renders what was run in one line, without the endpoints.
std::string describe(const bench_settings& settings);

// Renders the tables; further endpoints with their ratio to the first.
std::string text_report(const bench_settings& settings,
                        const std::vector<endpoint_result>& results);

// Renders everything but the single requests.
std::string json_report(const bench_settings& settings,
                        const std::vector<endpoint_result>& results);

// Renders the distribution of TTFT and its course over time.
std::string svg_report(const bench_settings& settings, const std::vector<endpoint_result>& results);

// Renders the line that is shown while a run goes on.
std::string progress_text(const std::string& label, const run_progress& told, double elapsed_s);

}  // namespace troupe::apps::bench
