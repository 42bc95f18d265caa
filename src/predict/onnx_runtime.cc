#include "predict/onnx_runtime.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/shared_library.h"
#include "base/status.h"

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

namespace roost::predict {
namespace {

constexpr const char* kLibrary = "libonnxruntime.so.1";

// The runtime is one for the process, as it is a library with state of its own (loggers, allocators): opened by the
// first call, never closed.
struct Runtime {
  absl::Status status;
  std::unique_ptr<Ort::Env> env;
};

Runtime OpenRuntime() {
  const auto unavailable = [](std::string_view why) {
    return Runtime{WithHint(absl::UnavailableError(fmt::format("ONNX Runtime cannot be opened: {}", why)),
                            fmt::format("install {} beside Roost's libraries", kLibrary)),
                   nullptr};
  };
  const absl::StatusOr<SharedLibrary> library = SharedLibrary::Open(kLibrary);
  if (!library.ok()) return unavailable(std::string(library.status().message()));
  const OrtApiBase* (*get_base)() = nullptr;
  if (const absl::Status found = library->Find("OrtGetApiBase", get_base); !found.ok()) {
    return unavailable(std::string(found.message()));
  }
  const OrtApi* api = get_base()->GetApi(ORT_API_VERSION);
  if (api == nullptr) {
    return unavailable(fmt::format("version {} is older than {}", get_base()->GetVersionString(), ORT_API_VERSION));
  }
  Ort::InitApi(api);
  Runtime runtime;
  // Errors come back as statuses; what it would print besides belongs on nobody's terminal.
  runtime.env = std::make_unique<Ort::Env>(ORT_LOGGING_LEVEL_FATAL, "roost");
  runtime.env->DisableTelemetryEvents();
  return runtime;
}

const Runtime& TheRuntime() {
  static const Runtime* const runtime = new Runtime(OpenRuntime());
  return *runtime;
}

// By default one thread, which is the caller's: whoever has many rows calls from many threads.
Ort::SessionOptions Options(int intra_op_threads) {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(intra_op_threads);
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.AddConfigEntry("session.intra_op.allow_spinning", "0");
  options.AddConfigEntry("session.inter_op.allow_spinning", "0");
  options.SetDeterministicCompute(true);
  // An arena of its own would keep what the largest request of each model ever needed (measured: 55 MB a model of
  // 50 MB after requests of 1,000 rows), and costs 0.3 us a call more than the process's own memory.
  options.DisableCpuMemArena();
  // It would keep a plan for each number of rows that ever came.
  options.DisableMemPattern();
  return options;
}

OnnxElement ElementOf(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT: return OnnxElement::kFloat;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE: return OnnxElement::kDouble;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64: return OnnxElement::kInt64;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32: return OnnxElement::kInt32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL: return OnnxElement::kBool;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING: return OnnxElement::kText;
    default: return OnnxElement::kOther;
  }
}

OnnxPort PortOf(std::string name, const Ort::TypeInfo& type) {
  OnnxPort port{.name = std::move(name)};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return port;
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  port.is_tensor = true;
  port.element = ElementOf(tensor.GetElementType());
  port.shape = tensor.GetShape();
  return port;
}

// A tensor over the values of `tensor`, which must outlive it; texts and bools are copied.
Ort::Value ValueOf(const OnnxTensor& tensor) {
  const auto& shape = tensor.shape;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&tensor.values)) {
    Ort::AllocatorWithDefaultOptions allocator;
    Ort::Value value =
        Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING);
    for (size_t i = 0; i < texts->size(); ++i) {
      // Not FillStringTensor: it ends a text at its first zero.
      char* buffer = value.GetResizedStringTensorElementBuffer(i, (*texts)[i].size());
      std::copy((*texts)[i].begin(), (*texts)[i].end(), buffer);
    }
    return value;
  }
  if (const auto* bools = std::get_if<std::vector<uint8_t>>(&tensor.values)) {
    Ort::AllocatorWithDefaultOptions allocator;
    Ort::Value value = Ort::Value::CreateTensor<bool>(allocator, shape.data(), shape.size());
    std::transform(bools->begin(), bools->end(), value.GetTensorMutableData<bool>(), [](uint8_t b) { return b != 0; });
    return value;
  }
  return std::visit(
      [&](const auto& values) -> Ort::Value {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, uint8_t>) {
          return Ort::Value(nullptr);  // handled above
        } else {
          static const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
          // The runtime only reads its inputs, though it takes them as not const.
          return Ort::Value::CreateTensor<T>(memory, const_cast<T*>(values.data()), values.size(), shape.data(),
                                             shape.size());
        }
      },
      tensor.values);
}

template <typename T>
OnnxValues Copy(const Ort::Value& value, size_t count) {
  const T* data = value.GetTensorData<T>();
  return std::vector<T>(data, data + count);
}

absl::StatusOr<OnnxTensor> TensorOf(const Ort::Value& value, const std::string& name) {
  if (!value.IsTensor()) return absl::InvalidArgumentError(fmt::format("its output '{}' is no tensor", name));
  const auto info = value.GetTensorTypeAndShapeInfo();
  const size_t count = info.GetElementCount();
  OnnxTensor tensor{.shape = info.GetShape()};
  switch (ElementOf(info.GetElementType())) {
    case OnnxElement::kFloat: tensor.values = Copy<float>(value, count); break;
    case OnnxElement::kDouble: tensor.values = Copy<double>(value, count); break;
    case OnnxElement::kInt64: tensor.values = Copy<int64_t>(value, count); break;
    case OnnxElement::kInt32: tensor.values = Copy<int32_t>(value, count); break;
    case OnnxElement::kBool: {
      const bool* data = value.GetTensorData<bool>();
      tensor.values = std::vector<uint8_t>(data, data + count);
      break;
    }
    case OnnxElement::kText: {
      std::vector<std::string> texts;
      for (size_t i = 0; i < count; ++i) texts.push_back(value.GetStringTensorElement(i));
      tensor.values = std::move(texts);
      break;
    }
    case OnnxElement::kOther:
      return absl::InvalidArgumentError(fmt::format("its output '{}' holds elements of another type", name));
  }
  return tensor;
}

absl::Status Refusal(const Ort::Exception& error) {
  return absl::InvalidArgumentError(fmt::format("ONNX Runtime: {}", error.what()));
}

}  // namespace

std::string_view OnnxElementName(OnnxElement element) {
  switch (element) {
    case OnnxElement::kFloat: return "float";
    case OnnxElement::kDouble: return "double";
    case OnnxElement::kInt64: return "int64";
    case OnnxElement::kInt32: return "int32";
    case OnnxElement::kBool: return "bool";
    case OnnxElement::kText: return "string";
    case OnnxElement::kOther: return "another type";
  }
  return "another type";
}

struct OnnxSession::State {
  Ort::Session session;
};

OnnxSession::OnnxSession(std::unique_ptr<State> state) : state_(std::move(state)) {
  Ort::AllocatorWithDefaultOptions allocator;
  const Ort::Session& session = state_->session;
  for (size_t i = 0; i < session.GetInputCount(); ++i) {
    inputs_.push_back(PortOf(session.GetInputNameAllocated(i, allocator).get(), session.GetInputTypeInfo(i)));
  }
  for (size_t i = 0; i < session.GetOutputCount(); ++i) {
    outputs_.push_back(PortOf(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i)));
  }
}

OnnxSession::~OnnxSession() = default;

absl::StatusOr<std::shared_ptr<const OnnxSession>> OnnxSession::Open(std::string_view bytes, int intra_op_threads) {
  const Runtime& runtime = TheRuntime();
  TRY(runtime.status);
  try {
    auto state = std::make_unique<State>(
        State{Ort::Session(*runtime.env, bytes.data(), bytes.size(), Options(intra_op_threads))});
    return std::shared_ptr<const OnnxSession>(new OnnxSession(std::move(state)));
  } catch (const Ort::Exception& error) {
    return Refusal(error);
  }
}

absl::StatusOr<OnnxTensor> OnnxSession::Run(std::span<const OnnxTensor> tensors, const std::string& output) const {
  ROOST_CHECK(tensors.size() == inputs_.size(), "got " << tensors.size() << " tensors, want " << inputs_.size());
  try {
    std::vector<const char*> names;
    std::vector<Ort::Value> values;
    for (size_t i = 0; i < tensors.size(); ++i) {
      names.push_back(inputs_[i].name.c_str());
      values.push_back(ValueOf(tensors[i]));
    }
    const char* const wanted = output.c_str();
    const std::vector<Ort::Value> results =
        state_->session.Run(Ort::RunOptions(), names.data(), values.data(), values.size(), &wanted, 1);
    return TensorOf(results.front(), output);
  } catch (const Ort::Exception& error) {
    return Refusal(error);
  }
}

}  // namespace roost::predict
