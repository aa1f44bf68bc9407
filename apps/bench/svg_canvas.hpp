// Draws an SVG of text, lines and dots; escapes what it is given.
//
// Units: pixels from the top left corner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::apps::bench {

struct point {
  double x = 0;
  double y = 0;
};

struct stroke {
  std::string_view colour = "#000";
  double width = 1;
  std::string_view dashes = {};  // as stroke-dasharray; empty: solid
};

struct label_style {
  std::string_view anchor = "start";  // middle, end
  int size = 13;
  bool is_bold = false;
  bool is_turned = false;  // by 90 degrees, to be read from below
};

class svg_canvas {
 public:
  svg_canvas(int width, int height);

  void text(point at, std::string_view words, label_style style = {});  // writes a line of text

  // Draws a line through points; nothing for less than two.
  void line(const std::vector<point>& through, const stroke& with);

  // Draws a see-through dot at each point.
  void dots(const std::vector<point>& at, double radius, std::string_view colour);

  // Returns the whole document; the canvas is done.
  std::string finish();

 private:
  std::string out_;
};

// From values to pixels, on a linear or logarithmic scale.
class axis {
 public:
  struct tick {
    double value = 0;
    std::string label;
  };
  struct span {
    double low = 0;
    double high = 1;
  };

  static axis linear(span values, span pixels) { return axis{values, pixels, false}; }

  // Values are above 0; the span grows to what its ticks need.
  static axis logarithmic(span values, span pixels) { return axis{values, pixels, true}; }

  // Returns the pixel of a value, within the axis.
  double place(double value) const;

  // Returns marks at round values, from low to high.
  std::vector<tick> ticks() const;

 private:
  axis(span values, span pixels, bool is_log);

  span values_, pixels_;
  bool is_log_;
};

}  // namespace troupe::apps::bench
