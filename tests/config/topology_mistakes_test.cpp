// Wrong files and exactly what is said of them.
#include <gtest/gtest.h>

#include "config/topology_reader.hpp"

namespace troupe::config {
namespace {

std::optional<std::string> no_variables(const std::string&) {
  return std::nullopt;
}

std::string mistakes_of(std::string_view text) {
  return to_string(parse_topology(text, "f", no_variables).mistakes);
}

struct mistake_case {
  const char* text;
  const char* mistakes;
};

void expect_all(std::initializer_list<mistake_case> cases, const std::string& before = "",
                const std::string& after = "") {
  for (const mistake_case& c : cases) {
    EXPECT_EQ(mistakes_of(before + c.text + after), c.mistakes) << c.text;
  }
}

TEST(topology_mistakes, of_the_whole_file) {
  expect_all({
      {"", "f:1:1: the file holds no map of keys and values; it starts with `troupe: 1`\n"},
      {"- a\n", "f:1:1: the file holds no map of keys and values; it starts with `troupe: 1`\n"},
      {"{}\n", "f:1:1: troupe is missing\nf:1:1: nodes is missing\n"},
      {"troupe: 2\nnodes: {}\n",
       "f:1:9: troupe is '2'; expected 1\nf:2:8: nodes is empty; name at least one\n"},
      {"troupe: 1\nnodes:\n", "f:2:1: nodes is nothing; expected a map of keys and values\n"},
      {"troupe: 1\nnodes: [a]\n", "f:2:8: nodes is a list; expected a map of keys and values\n"},
      {"troupe: 1\nnodes: {a: 3}\n",
       "f:2:12: nodes.a is a single value; expected a map of keys and values\n"},
      {"troupe: 1\nnodes: {a: }\n",
       "f:2:9: nodes.a is nothing; expected a map of keys and values\n"},
      {"troupe: 1\nnodes: {-a: {}}\n",
       "f:2:9: nodes has a name that is '-a'; a name is 1 to 63 letters, digits, '.', '_' or '-' "
       "and starts with a letter or a digit\n"},
      {"troupe: 1\nnode: {}\n",
       "f:1:1: nodes is missing\n"
       "f:2:1: 'node' is not a key here; did you mean 'nodes'?\n"},
  });
}

// Line 4 of a file that is otherwise good, from column 5 on.
TEST(topology_mistakes, of_the_sections_of_a_node) {
  expect_all(
      {
          {"", ""},
          {"endpont: {}", "f:4:5: nodes.n.'endpont' is not a key here; did you mean 'endpoint'?\n"},
          {"zzz: {}",
           "f:4:5: nodes.n.'zzz' is not a key here; allowed are actors, admin, client, endpoint, "
           "labels, link, log, replicas, roles, stream, supervisor, weight\n"},
          {"admin: {listen: 127.0.0.1:9000}", ""},
          {"admin: {listen: \"[::1]:9000\"}", ""},
          {"admin: {listen: 0.0.0.0:9000, token: s3cret}", ""},
          {"admin: {listen: 0.0.0.0:9000}",
           "f:4:21: nodes.n.admin.listen: 0.0.0.0 can be reached from other machines; set `token`, "
           "or listen on 127.0.0.1\n"},
          {"admin: {listen: 10.0.0.1:9000, token: \"\"}",
           "f:4:21: nodes.n.admin.listen: 10.0.0.1 can be reached from other machines; set "
           "`token`, or listen on 127.0.0.1\n"},
          {"endpoint: 8000",
           "f:4:15: nodes.n.endpoint is a single value; expected a map of keys and values\n"},
          {"endpoint: {listen: 8000}",
           "f:4:24: nodes.n.endpoint.listen is '8000'; write ADDRESS:PORT with an IP address in "
           "numbers, such as 127.0.0.1:8000, [::1]:8000 or 0.0.0.0:8000\n"},
          {"endpoint: {threads: 0}",
           "f:4:25: nodes.n.endpoint.threads is '0'; expected a whole number from 1 to 256\n"},
          {"endpoint: {threads: many}",
           "f:4:25: nodes.n.endpoint.threads is 'many'; expected a whole number from 1 to 256\n"},
          {"endpoint: {threads: [1]}",
           "f:4:25: nodes.n.endpoint.threads is a list; expected a whole number from 1 to 256\n"},
          {"endpoint: {threads: }",
           "f:4:16: nodes.n.endpoint.threads has no value; expected a whole number from 1 to "
           "256\n"},
          {"endpoint: {limits: {body: 5GiB}}",
           "f:4:31: nodes.n.endpoint.limits.body is '5GiB'; expected a size such as 512MiB, 2GB or "
           "4096, from 1KiB to 4GiB\n"},
          {"endpoint: {limits: {body: 32 megabytes}}",
           "f:4:31: nodes.n.endpoint.limits.body is '32 megabytes'; expected a size such as "
           "512MiB, "
           "2GB or 4096, from 1KiB to 4GiB\n"},
          {"endpoint: {limits: {idle_timeout: 10}}",
           "f:4:39: nodes.n.endpoint.limits.idle_timeout is '10'; expected a duration such as "
           "100ms, 2s or 1m, from 1ms to 24h\n"},
          {"endpoint: {limits: {body_max: 1MiB}}",
           "f:4:25: nodes.n.endpoint.limits.'body_max' is not a key here; did you mean 'body'?\n"},
          {"log: {level: warning}",
           "f:4:18: nodes.n.log.level is 'warning'; allowed are trace, debug, info, warn, error; "
           "did you mean 'warn'?\n"},
          {"log: {format: xml}", "f:4:19: nodes.n.log.format is 'xml'; allowed are text, json\n"},
          {"supervisor: {backoff: {min: 2s, max: 1s}}",
           "f:4:42: nodes.n.supervisor.backoff.max: the longest wait, 1s, is shorter than the "
           "first, 2s\n"},
          {"supervisor: {backoff: {min: 1h}}",
           "f:4:33: nodes.n.supervisor.backoff.min: the longest wait, 10s, is shorter than the "
           "first, 1h\n"},
          {"supervisor: {backoff: {min: 1h, max: x}}",
           "f:4:42: nodes.n.supervisor.backoff.max is 'x'; expected a duration such as 100ms, 2s "
           "or "
           "1m, from 1ms to 24h\n"},
          {"log: {level: \"${LEVEL}\"}",
           "f:4:18: nodes.n.log.level uses the environment variable LEVEL, which is not set; set "
           "it, "
           "or write ${LEVEL:-default}\n"},
          {"<<: {}", "f:4:5: nodes.n.<<: merge keys are not supported; repeat the fields\n"},
          {"log: {level: info, level: warn}",
           "f:4:24: the key 'level' is here twice; it is first at line 4, column 11\n"},
      },
      "troupe: 1\nnodes:\n  n:\n    ", "\n    actors: [router: {}, engine: {name: e, model: m}]\n");
}

TEST(topology_mistakes, of_the_list_of_actors) {
  expect_all(
      {
          {"[]",
           "f:4:5: nodes.n.actors: the node has no router; add `- router: {}`\n"
           "f:4:5: nodes.n.actors: the node has no engine; add one, such as `- engine: {name: "
           "local, model: model.gguf}`\n"},
          {"{router: {}}",
           "f:4:13: nodes.n.actors is a map; expected a list, each item after a "
           "dash on a line of its own\n"},
          {"",
           "f:4:5: nodes.n.actors is nothing; expected a list, each item after a dash on a line "
           "of its own\n"},
          {"[{router: , policy: prefix}]",
           "f:4:14: nodes.n.actors[0] is a map with more than one key; expected one key, of "
           "router, engine, and its fields indented below it or within {}\n"},
          {"[router]",
           "f:4:14: nodes.n.actors[0] is a single value; expected one key, of router, engine, and "
           "its fields indented below it or within {}\n"},
          {"[{routr: {}}]",
           "f:4:15: nodes.n.actors[0].'routr' is not a key here; did you mean 'router'?\n"},
          {"[{router: 1}]",
           "f:4:23: nodes.n.actors[0].router is a single value; expected a map of "
           "keys and values\n"},
          {"[{router: {}}, {router: {}}, {engine: {name: e}}]",
           "f:4:29: nodes.n.actors[1].router: a node has only one router; remove this one\n"},
          {"[{router: {policy: prefx}}, {engine: {name: e}}]",
           "f:4:32: nodes.n.actors[0].router.policy is 'prefx'; allowed are round_robin, "
           "least_loaded, prefix, session; did you mean 'prefix'?\n"},
      },
      "troupe: 1\nnodes:\n  n:\n    actors: ", "\n");
  EXPECT_EQ(mistakes_of("troupe: 1\nnodes:\n  n: {}\n"), "f:3:3: nodes.n.actors is missing\n");
}

// Line 5 holds a router, from column 17 on.
TEST(topology_mistakes, of_models_and_sessions) {
  expect_all(
      {
          {"{models: {org/m: {aliases: [a, b]}, other: {policy: session}}}", ""},
          {"{models: {\"a b\": {}}}",
           "f:5:27: nodes.n.actors[0].router.models has a name that is 'a b'; a model's name is 1 "
           "to 256 bytes without spaces\n"},
          {"{models: {m: {aliases: a}}}",
           "f:5:40: nodes.n.actors[0].router.models.m.aliases is a single value; expected a list "
           "such as [a, b]\n"},
          {"{models: {m: {aliases: [a, {}, a, \"\"]}}}",
           "f:5:44: nodes.n.actors[0].router.models.m.aliases[1] is a map; expected a text\n"
           "f:5:48: nodes.n.actors[0].router.models.m.aliases[1] is 'a', which is there already\n"
           "f:5:51: nodes.n.actors[0].router.models.m.aliases[2] is ''; a model's name is 1 to 256 "
           "bytes without spaces\n"},
          {"{models: {m: {aliases: [m]}}}",
           "f:5:31: nodes.n.actors[0].router.models.m.aliases: 'm' is the model's own name\n"},
          {"{models: {m: {aliases: [a]}, n: {aliases: [b, a]}}}",
           "f:5:50: nodes.n.actors[0].router.models.n.aliases: 'a' is an alias of 'm' already\n"},
          {"{models: {m: {aliases: [n]}, n: {policy: prefix}}}",
           "f:5:46: nodes.n.actors[0].router.models.n: 'n' is an alias of 'm' already\n"},
          {"{models: {m: {}, n: {aliases: [m]}}}",
           "f:5:38: nodes.n.actors[0].router.models.n.aliases: 'm' is a model of its own in this "
           "list\n"},
          {"{models: {m: {policy: fastest}}}",
           "f:5:39: nodes.n.actors[0].router.models.m.policy is 'fastest'; allowed are inherit, "
           "round_robin, least_loaded, prefix, session\n"},
          {"{session: {header: \"x user\", balance: 100}}",
           "f:5:36: nodes.n.actors[0].router.session.header is 'x user'; a name is 1 to 63 "
           "letters, digits, '.', '_' or '-' and starts with a letter or a digit\n"
           "f:5:55: nodes.n.actors[0].router.session.balance is '100'; expected a whole number "
           "from 101 to 1000\n"},
      },
      "troupe: 1\nnodes:\n  n:\n    actors:\n      - router: ", "\n      - engine: {name: e}\n");
}

// Lines 6 and on hold engines, from column 17 on.
TEST(topology_mistakes, of_engines) {
  expect_all(
      {
          {"{name: a}", ""},
          {"{}", "f:6:9: nodes.n.actors[1].engine.name is missing\n"},
          {"{name: a b}",
           "f:6:24: nodes.n.actors[1].engine.name is 'a b'; a name is 1 to 63 letters, digits, "
           "'.', "
           "'_' or '-' and starts with a letter or a digit\n"},
          {"{name: a, kind: vllm}",
           "f:6:33: nodes.n.actors[1].engine.kind is 'vllm'; allowed are "
           "embedded, openai\n"},
          {"{name: a, kind: opena, url: x, model: y, zzz: 1}",
           "f:6:33: nodes.n.actors[1].engine.kind is 'opena'; allowed are embedded, openai; did "
           "you "
           "mean 'openai'?\n"
           "f:6:58: nodes.n.actors[1].engine.'zzz' is not a key here; allowed are api_key, ca, "
           "context, count, "
           "kind, kv, kv_events, kv_tokens, limits, model, model_time, name, probe_interval, "
           "requests, served_model, "
           "threads, url, weight\n"},
          {"{name: a, model: m, kv_tokens: 64}",
           "f:6:48: nodes.n.actors[1].engine.kv_tokens: it is for modelled engines; add "
           "`model_time`, or set `kv`\n"},
          {"{name: a, url: \"http://a:1\"}",
           "f:6:27: nodes.n.actors[1].engine.url belongs to kind: openai only\n"},
          {"{name: a, kind: openai}", "f:6:9: nodes.n.actors[1].engine.url is missing\n"},
          {"{name: a, kind: openai, url: \"http://a:1\", model: m, limits: {}}",
           "f:6:60: nodes.n.actors[1].engine.model belongs to kind: embedded only\n"
           "f:6:70: nodes.n.actors[1].engine.limits belongs to kind: embedded only\n"},
          {"{name: a, kind: openai, url: \"http://u:secret@a:1\"}",
           "f:6:46: nodes.n.actors[1].engine.url holds a user name or password, which is not "
           "supported; write http://HOST:PORT\n"},
          {"{name: a, kind: openai, url: \"http://a:1/v1\"}",
           "f:6:46: nodes.n.actors[1].engine.url 'http://a:1/v1' has a path; write "
           "http://HOST:PORT only (the path, such as /v1, comes from the request)\n"},
          {"{name: a, kv_bytes: 1GiB}",
           "f:6:27: nodes.n.actors[1].engine.'kv_bytes' is not a key here; did you mean 'kv'?\n"},
          {"{name: a}\n      - engine: {name: a}",
           "f:7:24: nodes.n.actors[2].engine.name: another engine of this node is already called "
           "'a'\n"},
          {"{name: a-1}\n      - engine: {name: a, count: 2}",
           "f:7:24: nodes.n.actors[2].engine.name: another engine of this node is already called "
           "'a-1'\n"},
          {"{name: a}\n      - engine: {name: a, count: 2}", ""},
          {"{name: a, model: \"x\\ny\"}",
           "f:6:34: nodes.n.actors[1].engine.model holds a line break "
           "or another control character\n"},
      },
      "troupe: 1\nnodes:\n  n:\n    actors:\n      - router: {}\n      - engine: ", "\n");
}

TEST(topology_mistakes, are_all_reported_at_once) {
  EXPECT_EQ(mistakes_of("troupe: 1\n"
                        "nodes:\n"
                        "  n:\n"
                        "    endpoint: {listen: 127.0.0.1, threads: x}\n"
                        "    logs: {}\n"
                        "    actors:\n"
                        "      - router: {policy: fastest}\n"
                        "      - engine: {kind: openai, url: gpu}\n"),
            "f:4:24: nodes.n.endpoint.listen is '127.0.0.1'; write ADDRESS:PORT with an IP address "
            "in numbers, such as 127.0.0.1:8000, [::1]:8000 or 0.0.0.0:8000\n"
            "f:4:44: nodes.n.endpoint.threads is 'x'; expected a whole number from 1 to 256\n"
            "f:5:5: nodes.n.'logs' is not a key here; did you mean 'log'?\n"
            "f:7:26: nodes.n.actors[0].router.policy is 'fastest'; allowed are round_robin, "
            "least_loaded, prefix, session\n"
            "f:8:9: nodes.n.actors[1].engine.name is missing\n"
            "f:8:37: nodes.n.actors[1].engine.url 'gpu' is not of the form http://HOST:PORT "
            "or https://HOST:PORT\n");
}

TEST(topology_mistakes, of_texts_from_outside_are_short_and_printable) {
  const std::string found =
      mistakes_of("troupe: \"" + std::string(5000, 'x') + "\\e[31m\"\nnodes: {}\n");
  EXPECT_LT(found.size(), 300u);
  EXPECT_EQ(found.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace troupe::config
