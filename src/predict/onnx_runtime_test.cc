#include "predict/onnx_runtime.h"

#include <malloc.h>

#include <thread>

#include <gtest/gtest.h>

#include "predict/onnx_graph.h"

#if defined(__SANITIZE_ADDRESS__)
// Of sanitizer/allocator_interface.h, which GCC's packages leave out.
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace roost::predict {
namespace {

// Bytes that are allocated, in all of the process; what is free for others does not count.
int64_t AllocatedBytes() {
#if defined(__SANITIZE_ADDRESS__)
  return static_cast<int64_t>(__sanitizer_get_current_allocated_bytes());
#else
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<int64_t>(heap.uordblks + heap.hblkhd);
#endif
}

// y = 4,096 * 0.25 * x, by way of as many numbers for each row.
std::string WideGraph() {
  constexpr int64_t kWidth = 4096;
  constexpr int64_t kShape[] = {-1, 1};
  OnnxGraph graph;
  const std::string x = graph.Input("x", OnnxElement::kDouble, kShape);
  const std::string wide = graph.Node("MatMul", {x, graph.Constant({{1, kWidth}, std::vector<double>(kWidth, 0.5)})});
  const std::string y = graph.Node("MatMul", {wide, graph.Constant({{kWidth, 1}, std::vector<double>(kWidth, 0.5)})});
  graph.Output("y", y, OnnxElement::kDouble, kShape);
  return *graph.Finish("wide", "");
}

void ExpectRight(const OnnxSession& session, size_t rows) {
  const OnnxTensor x{{static_cast<int64_t>(rows), 1}, std::vector<double>(rows, 3.0)};
  const absl::StatusOr<OnnxTensor> y = session.Run({&x, 1}, "y");
  ASSERT_TRUE(y.ok()) << y.status();
  EXPECT_EQ(std::get<std::vector<double>>(y->values), std::vector<double>(rows, 3072.0));
}

// A server has many models: what each needed for its largest request must not add up.
TEST(OnnxSession, KeepsNoMemoryOfALargeCall) {
  const std::string bytes = WideGraph();
  std::vector<std::shared_ptr<const OnnxSession>> sessions;
  for (int i = 0; i < 6; ++i) {
    sessions.push_back(*OnnxSession::Open(bytes));
    ExpectRight(*sessions.back(), 1);
  }
  const int64_t before = AllocatedBytes();
  for (const auto& session : sessions) {
    std::thread other([&] { ExpectRight(*session, 1'000); });
    ExpectRight(*session, 1'000);  // 33 MB
    other.join();
  }
  EXPECT_LT(AllocatedBytes() - before, int64_t{8} << 20);
}

}  // namespace
}  // namespace roost::predict
