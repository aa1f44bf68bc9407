// Ends of actors that are no crash: OTP's exit reasons normal, shutdown and {shutdown, Term}.
#pragma once

#include <string>

#include <caf/error.hpp>

namespace troupe {

// Makes the reason of an actor that ends on purpose, with a sentence for the person who reads it:
// self->quit(orderly_end("…")). failure_text() returns the sentence.
caf::error orderly_end(std::string text);

// Says whether an actor with this exit reason ended as it should: `normal`, `user_shutdown` and
// orderly_end. A transient child that ends so is not restarted.
bool is_orderly(const caf::error& reason);

}  // namespace troupe
