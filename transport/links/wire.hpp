// Values as bytes between nodes: both directions.
#pragma once

#include "transport/links/wire_reader.hpp"
#include "transport/links/wire_writer.hpp"
