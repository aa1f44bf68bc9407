#include "actors/catalogue.hpp"

#include "actors/messages.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::actors {

transport::message_catalogue make_catalogue() {
  transport::message_catalogue kinds;
  kinds.add<>("nothing");
  kinds.add<caf::error>("error");
  // router
  kinds.add<route_request>("route_request");
  kinds.add<withdraw_request>("withdraw_request");
  kinds.add<first_token_came>("first_token_came");
  kinds.add<request_ended>("request_ended");
  kinds.add<engine_report, engine_proxy_actor>("engine_report,engine_proxy_actor");
  kinds.add<get_models>("get_models");
  kinds.add<model_listing>("model_listing");
  // an engine's proxy
  kinds.add<grant_request>("grant_request");
  kinds.add<engine_lease>("engine_lease");
  kinds.add<attempt_failed>("attempt_failed");
  kinds.add<engine_address>("engine_address");
  kinds.add<report_to_router>("report_to_router");
  kinds.add<engine_settings>("engine_settings");
  // a stream
  kinds.add<stop_request>("stop_request");
  // an engine's process
  kinds.add<get_engine_address>("get_engine_address");
  transport::add_node_messages(kinds);
  return kinds;
}

}  // namespace troupe::actors
