#include "apps/bench/svg_canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace troupe::apps::bench {

namespace {

constexpr int ticks_wanted = 10;

std::string pixels(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.1f", value);
  return {text.data(), static_cast<std::size_t>(std::max(length, 0))};
}

std::string number(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%g", value);
  return {text.data(), static_cast<std::size_t>(std::max(length, 0))};
}

void append_escaped(std::string& out, std::string_view words) {
  for (const char c : words) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
}

}  // namespace

svg_canvas::svg_canvas(int width, int height) {
  const std::string w = std::to_string(width), h = std::to_string(height);
  out_ = R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" + w + R"(" height=")" + h +
         R"(" viewBox="0 0 )" + w + " " + h + R"(" font-family="sans-serif">)" + "\n" +
         R"(<rect width="100%" height="100%" fill="#fff"/>)" + "\n";
}

void svg_canvas::text(point at, std::string_view words, label_style style) {
  const std::string x = pixels(at.x), y = pixels(at.y);
  out_ += "<text x=\"" + x + "\" y=\"" + y + "\" font-size=\"" + std::to_string(style.size) + "\"";
  if (style.anchor != "start") out_.append(" text-anchor=\"").append(style.anchor).append("\"");
  if (style.is_bold) out_ += " font-weight=\"bold\"";
  if (style.is_turned) out_ += " transform=\"rotate(-90 " + x + " " + y + ")\"";
  out_ += " fill=\"#222\">";
  append_escaped(out_, words);
  out_ += "</text>\n";
}

void svg_canvas::line(const std::vector<point>& through, const stroke& with) {
  if (through.size() < 2) return;
  out_ += "<polyline fill=\"none\" stroke-width=\"" + pixels(with.width) + "\" stroke=\"";
  append_escaped(out_, with.colour);
  if (!with.dashes.empty()) out_.append("\" stroke-dasharray=\"").append(with.dashes);
  out_ += "\" points=\"";
  for (const point& each : through) out_ += pixels(each.x) + "," + pixels(each.y) + " ";
  out_.back() = '"';
  out_ += "/>\n";
}

void svg_canvas::dots(const std::vector<point>& at, double radius, std::string_view colour) {
  if (at.empty()) return;
  out_.append("<g fill-opacity=\"0.35\" fill=\"").append(colour).append("\">\n");
  for (const point& each : at) {
    out_ += "<circle cx=\"" + pixels(each.x) + "\" cy=\"" + pixels(each.y) + "\" r=\"" +
            pixels(radius) + "\"/>\n";
  }
  out_ += "</g>\n";
}

std::string svg_canvas::finish() {
  out_ += "</svg>\n";
  return std::move(out_);
}

axis::axis(span values, span pixels, bool is_log)
    : values_{values}, pixels_{pixels}, is_log_{is_log} {
  if (is_log_) {
    values_.low = std::max(values_.low, 1e-9);
    values_.high = std::max(values_.high, values_.low);
    // From one power of ten, or its half or fifth, to another.
    const auto round = [](double value, bool up) {
      const double power = std::pow(10, std::floor(std::log10(value)));
      for (const double step : {1.0, 2.0, 5.0, 10.0}) {
        if (up && step * power >= value * 0.999999) return step * power;
      }
      return value >= 5 * power ? 5 * power : value >= 2 * power ? 2 * power : power;
    };
    values_.low = round(values_.low, false);
    values_.high = round(values_.high, true);
    if (values_.high <= values_.low) values_.high = values_.low * 10;
  } else if (values_.high <= values_.low) {
    values_.high = values_.low + 1;
  }
}

double axis::place(double value) const {
  const double v = std::clamp(value, values_.low, values_.high);
  const double share = is_log_ ? std::log(v / values_.low) / std::log(values_.high / values_.low)
                               : (v - values_.low) / (values_.high - values_.low);
  return pixels_.low + share * (pixels_.high - pixels_.low);
}

std::vector<axis::tick> axis::ticks() const {
  std::vector<tick> marks;
  const double slack = 1e-9 * values_.high;
  if (is_log_) {
    const bool few = values_.high / values_.low <= 1e3;
    for (double power = std::pow(10, std::floor(std::log10(values_.low)));
         power <= values_.high + slack; power *= 10) {
      for (const double step : {1.0, 2.0, 5.0}) {
        const double value = step * power;
        if (step > 1 && !few) break;
        if (value >= values_.low - slack && value <= values_.high + slack) {
          marks.push_back({value, number(value)});
        }
      }
    }
    return marks;
  }
  const double raw = (values_.high - values_.low) / ticks_wanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double each : {5.0, 2.0, 1.0}) {
    if (each * power >= raw) step = each * power;
  }
  const double first = std::ceil(values_.low / step - 1e-9) + 0.0;  // never -0
  for (double n = first; n * step <= values_.high + slack; ++n) {
    marks.push_back({n * step, number(n * step)});
  }
  return marks;
}

}  // namespace troupe::apps::bench
