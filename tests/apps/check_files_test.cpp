#include "apps/check_files.hpp"

#include "apps/version_text.hpp"
#include "tests/apps/parse.hpp"

namespace troupe::apps {
namespace {

const std::string source_dir = TROUPE_SOURCE_DIR;

TEST(check_files, sums_up_good_files) {
  const std::string laptop = source_dir + "/config/laptop.yaml";
  const std::string vllm = source_dir + "/config/vllm.yaml";
  const check_report report = check_files({{laptop, vllm}}, no_variables);
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(report.mistakes, "");
  EXPECT_EQ(report.summary,
            laptop +
                ": good, 1 node\n"
                "  node local: http://127.0.0.1:8000, 1 I/O thread\n"
                "    router: prefix\n"
                "    engine local: embedded, 2 engines with 1 thread and 512MiB of KV, model "
                "from the command line\n" +
                vllm +
                ": good, 1 node\n"
                "  node router: http://0.0.0.0:8000, 2 I/O threads\n"
                "    router: prefix\n"
                "    engine vllm-0: openai, http://127.0.0.1:8001\n"
                "    engine vllm-1: openai, http://127.0.0.1:8002\n");
}

TEST(check_files, goes_on_after_a_bad_file) {
  const check_report report =
      check_files({{"/no/such.yaml", source_dir + "/config/vllm.yaml"}}, no_variables);
  EXPECT_EQ(report.exit_code, exit_failure);
  EXPECT_EQ(report.mistakes,
            "/no/such.yaml:1:1: the file cannot be read: No such file or directory\n");
  EXPECT_NE(report.summary.find("vllm.yaml: good"), std::string::npos);
}

TEST(check_files, tells_how_many_keys_there_are_and_shows_none) {
  const auto report = check_files({{source_dir + "/tests/config/every_key.yaml"}}, no_variables);
  EXPECT_EQ(report.mistakes, "");
  EXPECT_NE(report.summary.find(
                "https://[::1]:9100, 3 I/O threads, 1 API key, link one-0.example:7301\n"),
            std::string::npos)
      << report.summary;
  for (const auto* secret : {"ba7816bf", "sk-engine"}) {
    EXPECT_EQ(report.summary.find(secret), std::string::npos);
  }
}

TEST(check_files, sums_up_clusters) {
  const std::string file = source_dir + "/config/two-hosts.yaml";
  EXPECT_EQ(
      check_files({{file}}, no_variables).summary,
      file +
          ": good, 2 nodes\n"
          "  cluster two-hosts: links with the key " +
          source_dir +
          "/config/link.key\n"
          "  node front: http://127.0.0.1:8000, 1 I/O thread, link 127.0.0.1:7100\n"
          "    router: prefix\n"
          "  node engines: no endpoint, link 127.0.0.1:7101\n"
          "    engine cpu: embedded, 2 engines with 1 thread and 512MiB of KV, model from the "
          "command line\n");
}

TEST(version_text, names_what_the_build_is_made_of) {
  const std::string text = version_text();
  EXPECT_EQ(text.rfind("troupe 0.", 0), 0u) << text;
  EXPECT_NE(text.find("\nCAF 0.17."), std::string::npos) << text;
  EXPECT_NE(text.find("\nBoost 1."), std::string::npos) << text;
  EXPECT_NE(text.find("\nvector targets: "), std::string::npos) << text;
}

}  // namespace
}  // namespace troupe::apps
