#include "telemetry/metrics.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/infer.h"
#include "serving/test_model.h"
#include "telemetry/exposition.h"
#include "telemetry/process_figures.h"

namespace roost::telemetry {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Exposition, LabelsAreEscaped) {
  const std::array<Label, 2> labels{Label{"a", "x\"y\\z\n"}, Label{"b", "\xc3\xa9 \xff"}};
  EXPECT_EQ(LabelText(labels), R"(a="x\"y\\z\n",b="?? ?")");
  const std::array<Label, 1> utf8{Label{"a", "\xc3\xa9"}};
  EXPECT_EQ(LabelText(utf8), "a=\"\xc3\xa9\"");
}

TEST(Exposition, BothFormatsHaveTheirNamesOfCounters) {
  const auto text = [](Exposition::Format format) {
    Exposition page(format);
    page.Family("a_total", Exposition::Kind::kCounter, "Help.");
    page.Sample("", "x=\"1\"", int64_t{7});
    page.Family("b", Exposition::Kind::kCounter, "Help.");
    page.Sample("", "", 0.5);
    return std::move(page).Finish();
  };
  EXPECT_EQ(text(Exposition::Format::kPrometheus),
            "# HELP a_total Help.\n# TYPE a_total counter\na_total{x=\"1\"} 7\n"
            "# HELP b Help.\n# TYPE b counter\nb 0.5\n");
  EXPECT_EQ(text(Exposition::Format::kOpenMetrics),
            "# HELP a Help.\n# TYPE a counter\na_total{x=\"1\"} 7\n"
            "# HELP b Help.\n# TYPE b unknown\nb 0.5\n# EOF\n");
}

TEST(Process, SaysWhatLinuxKnows) {
  const ProcessFigures figures = ReadProcessFigures();
  EXPECT_GT(figures.cpu_seconds, 0);
  EXPECT_GT(figures.start_time_seconds, 1.7e9);
  EXPECT_LE(figures.start_time_seconds, static_cast<double>(time(nullptr)) + 1);
  EXPECT_GT(figures.resident_bytes, 1 << 20);
  EXPECT_GT(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.threads, 1);
  EXPECT_GE(figures.open_fds, 3);
  EXPECT_GE(figures.max_fds, figures.open_fds);
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    EXPECT_TRUE(models_.Load("delay", 3, serving::TestModelJson()).ok());
    models_.SetAliases("delay", {{"champion", 3}});
    models_.SetState({"delay", 4, serving::State::kEnd, "it is damaged"});
  }

  net::HttpResponse Ask(std::string_view method = "GET", std::vector<net::HttpHeader> headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.path = kMetricsPath;
    request.headers = std::move(headers);
    net::HttpResponse response;
    handler_(request, response);
    return response;
  }

  void Count(const net::RequestNotes& notes, int code, Protocol protocol = Protocol::kHttp1) {
    traffic_.Begin();
    traffic_.End({.notes = notes, .protocol = protocol, .code = code, .duration = std::chrono::microseconds(30)});
  }

  serving::ModelManager models_;
  net::ServerCounts server_;
  Traffic traffic_{models_};
  net::Handler handler_ = ServeMetrics({models_, server_, traffic_, nullptr});
};

TEST_F(MetricsTest, ShowsRequestsByAllTheirLabels) {
  const net::RequestNotes notes{.consumer = "bill\"ing", .model = "delay", .version = 3, .rows = 2};
  Count(notes, 200);
  Count(notes, 200);
  Count({}, 5, Protocol::kGrpc);
  const std::string text = Ask().body;
  const std::string labels = R"({model="delay",version="3",consumer="bill\"ing",protocol="http/1.1",code="200"})";
  EXPECT_THAT(text, HasSubstr("\nroost_requests_total" + labels + " 2\n"));
  EXPECT_THAT(text, HasSubstr("\nroost_request_seconds_total" + labels + " 6e-05\n"));
  EXPECT_THAT(text, HasSubstr("\nroost_request_rows_total" + labels + " 4\n"));
  EXPECT_THAT(text, HasSubstr("\nroost_requests_total{model=\"\",version=\"\",consumer=\"anonymous\",protocol=\"grpc\","
                              "code=\"NOT_FOUND\"} 1\n"));
  const std::string histogram = R"(model="delay",version="3",protocol="http/1.1",result="success")";
  EXPECT_THAT(text, HasSubstr("roost_request_duration_seconds_bucket{" + histogram + ",le=\"2.5e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("roost_request_duration_seconds_bucket{" + histogram + ",le=\"5e-05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("roost_request_duration_seconds_bucket{" + histogram + ",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("roost_request_duration_seconds_count{" + histogram + "} 2\n"));
}

TEST_F(MetricsTest, ShowsModelsAndTheServer) {
  server_.CountRefusal(413);
  server_.open_connections = 5;
  const std::string text = Ask().body;
  EXPECT_THAT(text, HasSubstr(R"(roost_model_version_state{model="delay",version="3",state="AVAILABLE"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_model_version_state{model="delay",version="4",state="END"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_model_version_state{model="delay",version="4",state="AVAILABLE"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_model_alias_version{model="delay",alias="champion"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_model_memory_bytes{model="delay",version="3"} )"));
  EXPECT_THAT(text, HasSubstr("roost_refused_requests_total{code=\"413\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("roost_connections 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("access_log"))) << "there is none";
}

TEST_F(MetricsTest, HasTritonsNamesForBoards) {
  const net::RequestNotes notes{.model = "delay", .version = 3, .rows = 2};
  Count(notes, 200);
  Count(notes, 0, Protocol::kGrpc);
  for (const int code : {400, 429, 499, 500, 503}) Count(notes, code);
  Count({}, 404);
  const serving::InferRequest request{
      .model_name = "delay",
      .inputs = {{.name = "distance", .datatype = serving::Datatype::kBool, .shape = {0}},
                 {.name = "origin", .datatype = serving::Datatype::kBytes, .shape = {0}},
                 {.name = "date", .datatype = serving::Datatype::kBytes, .shape = {0}}}};
  const auto answer = serving::Infer(models_, request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const std::string text = Ask().body, model = R"({model="delay",version="3"} )";
  EXPECT_THAT(text, HasSubstr("nv_inference_request_success" + model + "2\n"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_request_failure{model="delay",version="3",reason="REJECTED"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_request_failure{model="delay",version="3",reason="CANCELED"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_request_failure{model="delay",version="3",reason="BACKEND"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(nv_inference_request_failure{model="delay",version="3",reason="OTHER"} 1)"));
  EXPECT_THAT(text, HasSubstr("nv_inference_request_duration_us" + model + "60\n"));
  EXPECT_THAT(text, HasSubstr("nv_inference_pending_request_count" + model + "0\n"));
  EXPECT_THAT(text, HasSubstr("nv_inference_exec_count" + model + "1\n"));
  EXPECT_THAT(text, HasSubstr("nv_inference_count" + model + "0\n"));
}

TEST_F(MetricsTest, OpenMetricsIsForThoseWhoAcceptIt) {
  EXPECT_EQ(Ask().content_type, "text/plain; version=0.0.4; charset=utf-8");
  const net::HttpResponse open =
      Ask("GET", {{"accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}});
  EXPECT_EQ(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(open.body, EndsWith("# EOF\n"));
  EXPECT_EQ(Ask("POST").status, 405);
}

}  // namespace
}  // namespace roost::telemetry
