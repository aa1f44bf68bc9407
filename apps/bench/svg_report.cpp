#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "apps/bench/report.hpp"
#include "apps/bench/svg_canvas.hpp"

namespace troupe::apps::bench {

namespace {

// Told apart by people who do not see all colours (Okabe and Ito), and by their dashes without any.
struct look {
  std::string_view colour;
  std::string_view dashes;
};
constexpr std::array<look, 6> looks{{{"#0072B2", ""},
                                     {"#D55E00", "9 4"},
                                     {"#009E73", "2 3"},
                                     {"#CC79A7", "12 3 2 3"},
                                     {"#E69F00", "5 2"},
                                     {"#56B4E9", "1 5"}}};

constexpr int width = 960;
constexpr double left = 80, right = 930;
constexpr double head_top = 46, head_step = 15, legend_step = 20;
constexpr std::size_t head_columns = 140;
constexpr double panel_height = 250, panel_gap = 84;
constexpr std::size_t dots_max = 1'500;    // of one endpoint
constexpr std::size_t steps_max = 240;     // of a distribution's line
constexpr std::size_t slices_max = 40;     // of the time line
constexpr std::size_t slice_requests = 8;  // at least, on average

// One answered request: when it was due, and how long its first token took.
struct seen {
  double at_s = 0;
  double ttft_ms = 0;
};

std::vector<seen> seen_of(const endpoint_result& result) {
  std::vector<seen> all;
  for (const run_result& run : result.runs) {
    for (const request_record& record : run.records) {
      if (record.is_warmup || record.fate != request_fate::answered || record.pieces == 0) continue;
      const auto in_s = [](std::chrono::nanoseconds t) {
        return std::chrono::duration<double>(t).count();
      };
      all.push_back({in_s(record.due), std::max(in_s(record.first - record.due) * 1e3, 1e-3)});
    }
  }
  std::ranges::sort(all, {}, &seen::at_s);
  return all;
}

std::vector<double> ttfts(const std::vector<seen>& of) {
  std::vector<double> values;
  for (const seen& each : of) values.push_back(each.ttft_ms);
  std::ranges::sort(values);
  return values;
}

// A panel's frame: grid, marks and titles.
struct panel {
  axis x, y;
  double top = 0;
  std::string_view title, x_title, y_title;
};

void draw_frame(svg_canvas& canvas, const panel& in) {
  const double bottom = in.top + panel_height;
  canvas.text({left, in.top - 12}, in.title, {.size = 15, .is_bold = true});
  for (const axis::tick& mark : in.x.ticks()) {
    const double x = in.x.place(mark.value);
    canvas.line({{x, in.top}, {x, bottom}}, {"#e4e4e4"});
    canvas.text({x, bottom + 18}, mark.label, {.anchor = "middle"});
  }
  for (const axis::tick& mark : in.y.ticks()) {
    const double y = in.y.place(mark.value);
    canvas.line({{left, y}, {right, y}}, {"#e4e4e4"});
    canvas.text({left - 8, y + 4}, mark.label, {.anchor = "end"});
  }
  canvas.line({{left, in.top}, {left, bottom}, {right, bottom}}, {"#666", 1.2});
  canvas.text({(left + right) / 2, bottom + 38}, in.x_title, {.anchor = "middle"});
  canvas.text({24, in.top + panel_height / 2}, in.y_title, {.anchor = "middle", .is_turned = true});
}

// The share of requests whose first token took no longer, over that time.
std::vector<point> shares(const std::vector<double>& sorted, const panel& in) {
  std::vector<point> line;
  if (sorted.empty()) return line;
  const std::size_t steps = std::min(sorted.size(), steps_max);
  line.push_back({in.x.place(sorted.front()), in.y.place(0)});
  for (std::size_t i = 1; i <= steps; ++i) {
    const std::size_t rank = i * sorted.size() / steps;  // so many are at or below
    const double y =
        in.y.place(100.0 * static_cast<double>(rank) / static_cast<double>(sorted.size()));
    line.push_back({in.x.place(sorted[rank - 1]), y});
  }
  return line;
}

std::vector<point> some_dots(const std::vector<seen>& of, const panel& in) {
  std::vector<point> dots;
  const std::size_t step = of.size() / dots_max + 1;
  for (std::size_t i = 0; i < of.size(); i += step) {
    dots.push_back({in.x.place(of[i].at_s), in.y.place(of[i].ttft_ms)});
  }
  return dots;
}

// The medians of slices with equally many requests.
std::vector<point> medians(const std::vector<seen>& of, const panel& in) {
  std::vector<point> line;
  const std::size_t slices = std::min(of.size() / slice_requests, slices_max);
  for (std::size_t i = 0; i < slices; ++i) {
    const auto begin = of.begin() + static_cast<std::ptrdiff_t>(i * of.size() / slices);
    const auto end = of.begin() + static_cast<std::ptrdiff_t>((i + 1) * of.size() / slices);
    const std::vector<seen> slice{begin, end};
    const double at_s = slice[slice.size() / 2].at_s;
    line.push_back({in.x.place(at_s), in.y.place(percentile(ttfts(slice), 0.5))});
  }
  return line;
}

// Cuts a long text into lines, at its commas.
std::vector<std::string> wrapped(const std::string& text) {
  std::vector<std::string> lines{""};
  for (std::size_t at = 0; at < text.size();) {
    const auto comma = text.find(", ", at);
    const auto end = comma == std::string::npos ? text.size() : comma + 2;
    if (!lines.back().empty() && lines.back().size() + (end - at) > head_columns) {
      lines.emplace_back();
    }
    lines.back() += text.substr(at, end - at);
    at = end;
  }
  return lines;
}

void draw_head(svg_canvas& canvas, const bench_settings& settings) {
  const std::string title = settings.kind == bench_kind::load ? "load" : "multi-round";
  canvas.text({left, 28}, "troupe bench " + title, {.size = 18, .is_bold = true});
  double y = head_top;
  for (const std::string& line : wrapped(describe(settings))) {
    canvas.text({left, y}, line, {.size = 11});
    y += head_step;
  }
}

// Where what was run ends and the legend begins.
double head_height(const bench_settings& settings) {
  return head_top + (static_cast<double>(wrapped(describe(settings)).size()) + 0.5) * head_step;
}

void draw_legend(svg_canvas& canvas, double top, const std::vector<endpoint_result>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const figures of = figures_of(results[i].runs);
    const look& with = looks[i % looks.size()];
    const double y = top + static_cast<double>(i) * legend_step;
    canvas.line({{left, y - 4}, {left + 36, y - 4}}, {with.colour, 2.4, with.dashes});
    std::array<char, 160> words{};
    std::snprintf(words.data(), words.size(), ": TTFT mean %.1f, p50 %.1f, p99 %.1f ms",
                  of.ttft_s.mean * 1e3, of.ttft_s.p50 * 1e3, of.ttft_s.p99 * 1e3);
    std::string text = results[i].where.name + words.data();
    if (of.cache_told > 0) {
      std::snprintf(words.data(), words.size(), ", hit rate %.2f", of.hit_rate);
      text += words.data();
    }
    if (of.failed > 0) text += ", " + std::to_string(of.failed) + " failed";
    canvas.text({left + 46, y}, text);
  }
}

// The spans of all that is to be seen; something to draw axes with where there is nothing.
struct spans {
  axis::span ttft_ms{1, 10};
  double seconds = 1;
};

spans spans_of(const std::vector<std::vector<seen>>& all) {
  spans found;
  bool any = false;
  for (const auto& of : all) {
    for (const seen& each : of) {
      found.seconds = std::max(found.seconds, each.at_s);
      found.ttft_ms.low = any ? std::min(found.ttft_ms.low, each.ttft_ms) : each.ttft_ms;
      found.ttft_ms.high = any ? std::max(found.ttft_ms.high, each.ttft_ms) : each.ttft_ms;
      any = true;
    }
  }
  return found;
}

}  // namespace

std::string svg_report(const bench_settings& settings,
                       const std::vector<endpoint_result>& results) {
  std::vector<std::vector<seen>> all;
  for (const endpoint_result& each : results) all.push_back(seen_of(each));
  const spans found = spans_of(all);
  const double legend_top = head_height(settings);
  const double first_top = legend_top + static_cast<double>(results.size()) * legend_step + 30;
  const double second_top = first_top + panel_height + panel_gap;
  const panel spread{axis::logarithmic(found.ttft_ms, {left, right}),
                     axis::linear({0, 100}, {first_top + panel_height, first_top}),
                     first_top,
                     "Distribution of TTFT",
                     "TTFT, ms",
                     "% of requests at or below"};
  const panel course{axis::linear({0, found.seconds}, {left, right}),
                     axis::logarithmic(found.ttft_ms, {second_top + panel_height, second_top}),
                     second_top,
                     "TTFT over time: each request, and the median",
                     "time the request was due, s",
                     "TTFT, ms"};
  svg_canvas canvas{width, static_cast<int>(second_top + panel_height + 56)};
  draw_head(canvas, settings);
  draw_legend(canvas, legend_top, results);
  draw_frame(canvas, spread);
  draw_frame(canvas, course);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const look& with = looks[i % looks.size()];
    canvas.line(shares(ttfts(all[i]), spread), {with.colour, 2.2, with.dashes});
    canvas.dots(some_dots(all[i], course), 2.2, with.colour);
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    const look& with = looks[i % looks.size()];
    canvas.line(medians(all[i], course), {with.colour, 2.2, with.dashes});
  }
  return canvas.finish();
}

}  // namespace troupe::apps::bench
