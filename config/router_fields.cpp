// The router of the configuration file: policies, sessions, models and what waits.
#include <algorithm>

#include "config/mistake.hpp"
#include "config/topology_fields.hpp"
#include "config/topology_names.hpp"

namespace troupe::config {

namespace {

// Returns the mistake where a name of a model stands for another model already.
std::string taken_alias(const model_spec& model, const std::vector<model_spec>& others) {
  for (const std::string& alias : model.aliases) {
    if (alias == model.name) return quote(alias) + " is the model's own name";
  }
  for (const model_spec& other : others) {
    for (const std::string& alias : other.aliases) {
      const bool is_taken =
          alias == model.name ||
          std::find(model.aliases.begin(), model.aliases.end(), alias) != model.aliases.end();
      if (is_taken) return quote(alias) + " is an alias of " + quote(other.name) + " already";
    }
    if (std::find(model.aliases.begin(), model.aliases.end(), other.name) != model.aliases.end()) {
      return quote(other.name) + " is a model of its own in this list";
    }
  }
  return {};
}

model_spec describe_model(field_visitor& v, const std::string& name,
                          const std::vector<model_spec>& others) {
  model_spec model;
  model.name = name;
  std::size_t policy = 0;
  v.word({"policy", "The policy of this model's requests; `inherit`: the router's."},
         model_policy_names(), policy);
  if (policy != 0) model.policy = static_cast<routing_policy>(policy - 1);
  v.texts({"aliases",
           "Further names under which clients may ask for the model; the engine is asked for it "
           "under its own name, and answers with that."},
          text_form::model, model.aliases);
  v.rule({"aliases"}, [&] { return taken_alias(model, others); });
  return model;
}

}  // namespace

void describe(field_visitor& v, session_spec& session) {
  v.text({"header", "Request header that names the session; it is looked at first."},
         text_form::name, session.header);
  v.text({"field",
          "Field of the request body that names it, a string; requests without either go "
          "by policy `prefix`."},
         text_form::name, session.field);
  v.count({"balance",
           "Percent of the mean load that one engine may carry, weights considered; beyond it a "
           "session's requests go to the next engine in its own order."},
          {101, 1'000}, session.balance);
}

void describe(field_visitor& v, router_spec& router) {
  v.choice({"policy",
            "`prefix`: where the prompt's start is cached, weighed against load; "
            "`session`: all requests of a session at one engine; `least_loaded`: the fewest "
            "requests; `round_robin`: in turn. All heed the engines' weights."},
           routing_policy_names(), router.policy);
  v.section({"session", "What policy `session` takes for the key of a session."},
            [&] { describe(v, router.session); });
  v.named({"models", "What is said of single models, by the name engines serve them under."},
          text_form::model, [&](const std::string& name, field_visitor& inner) {
            router.models.push_back(describe_model(inner, name, router.models));
          });
  v.section({"admission", "What waits in the router, and when: while every engine is full."},
            [&] { describe(v, router.admission); });
  v.section({"limits", "What the router remembers and how long it waits."},
            [&] { describe(v, router.limits); });
}

}  // namespace troupe::config
