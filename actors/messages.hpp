// The handles of all actors, and how their messages are written down.
//
// Thread: values, moved between actors of one process by reference count.
#pragma once

#include <vector>

#include <caf/all.hpp>

#include "actors/message_types.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {

// ---- handles -----------------------------------------------------------------------------------

using engine_proxy_actor =
    caf::typed_actor<caf::replies_to<grant_request>::with<engine_lease>,
                     caf::reacts_to<attempt_failed>, caf::reacts_to<engine_address>,
                     caf::reacts_to<probe_tick>, caf::reacts_to<probe_done>,
                     caf::reacts_to<report_to_router>, caf::reacts_to<engine_settings>>;

using router_actor = caf::typed_actor<
    caf::replies_to<route_request>::with<engine_lease>, caf::reacts_to<withdraw_request>,
    caf::reacts_to<first_token_came>, caf::reacts_to<request_ended>,
    caf::reacts_to<engine_report, engine_proxy_actor>,
    caf::replies_to<get_models>::with<model_listing>, caf::reacts_to<maintain_tick>,
    caf::reacts_to<settle_tick>, caf::reacts_to<reconfigure_router>>;

using stream_actor = caf::typed_actor<caf::reacts_to<stop_request>>;

using engine_process_actor = caf::typed_actor<caf::reacts_to<get_engine_address>>;

// ---- inspection --------------------------------------------------------------------------------

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, body_place& x) {
  return f(caf::meta::type_name("body_place"), x.at, x.size);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, engine_settings& x) {
  return f(caf::meta::type_name("engine_settings"), x.weight, x.requests_max, x.draining,
           x.node_leaves);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, prompt_facts& x) {
  return f(caf::meta::type_name("prompt_facts"), x.model, x.chain, x.prompt_bytes, x.prompt_tokens,
           x.max_tokens, x.stream, x.include_usage, x.cache_salt, x.session, x.client, x.alias,
           x.model_at, x.priority, x.body_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, decision& x) {
  return f(caf::meta::type_name("decision"), x.engine, x.lease, x.prompt_tokens, x.cached_tokens,
           x.matched_chunks, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, usage_counts& x) {
  return f(caf::meta::type_name("usage_counts"), x.prompt_tokens, x.cached_tokens,
           x.completion_tokens, x.cached_known);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, engine_gauges& x) {
  return f(caf::meta::type_name("engine_gauges"), x.running, x.waiting, x.kv_usage,
           x.kv_tokens_max);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, route_request& x) {
  return f(caf::meta::type_name("route_request"), x.request, x.epoch, x.facts, x.tried,
           x.waited_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, withdraw_request& x) {
  return f(caf::meta::type_name("withdraw_request"), x.request);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, first_token_came& x) {
  return f(caf::meta::type_name("first_token_came"), x.lease, x.ttft_s);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request_ended& x) {
  return f(caf::meta::type_name("request_ended"), x.lease, x.outcome, x.usage);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, engine_report& x) {
  return f(caf::meta::type_name("engine_report"), x.name, x.up, x.died, x.settings, x.models,
           x.kv_tokens_max, x.kv_usage, x.running, x.waiting, x.host, x.port);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_models&) {
  return f(caf::meta::type_name("get_models"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, engine_status& x) {
  return f(caf::meta::type_name("engine_status"), x.name, x.up, x.load, x.leases, x.settings,
           x.kv_usage, x.kv_tokens_max, x.models);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, model_listing& x) {
  return f(caf::meta::type_name("model_listing"), x.models, x.engines);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, maintain_tick&) {
  return f(caf::meta::type_name("maintain_tick"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, settle_tick&) {
  return f(caf::meta::type_name("settle_tick"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, grant_request& x) {
  return f(caf::meta::type_name("grant_request"), x.epoch, x.choice);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, engine_lease& x) {
  return f(caf::meta::type_name("engine_lease"), x.id, x.engine, x.engine_name, x.host, x.port,
           x.epoch, x.cached_tokens);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, attempt_failed& x) {
  return f(caf::meta::type_name("attempt_failed"), x.code);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, engine_address& x) {
  return f(caf::meta::type_name("engine_address"), x.host, x.port);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, probe_tick& x) {
  return f(caf::meta::type_name("probe_tick"), x.number);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, probe_done& x) {
  return f(caf::meta::type_name("probe_done"), x.number, x.alive, x.failure, x.has_models, x.models,
           x.gauges);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, report_to_router&) {
  return f(caf::meta::type_name("report_to_router"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_request&) {
  return f(caf::meta::type_name("stop_request"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_engine_address&) {
  return f(caf::meta::type_name("get_engine_address"));
}

}  // namespace troupe::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::reconfigure_router)

CAF_BEGIN_TYPE_ID_BLOCK(troupe, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(troupe, (troupe::actors::route_request))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::withdraw_request))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::first_token_came))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::request_ended))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::engine_report))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::get_models))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::model_listing))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::maintain_tick))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::settle_tick))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::engine_settings))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::grant_request))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::engine_lease))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::attempt_failed))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::engine_address))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::probe_tick))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::probe_done))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::report_to_router))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::stop_request))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::get_engine_address))
CAF_ADD_TYPE_ID(troupe, (troupe::actors::engine_proxy_actor))
CAF_END_TYPE_ID_BLOCK(troupe)
