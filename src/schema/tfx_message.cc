#include "schema/tfx_message.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <schema/tfx_schema.pb.h>

#include "base/check.h"
#include "base/status.h"
#include "base/utf8.h"
#include "schema/tfx_words.h"

namespace roost::schema {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;
using Kind = TfxField::Kind;
using Tree = TextFormat::ParseInfoTree;

constexpr size_t kMaxBytes = 16 << 20;
constexpr int kMaxDepth = 100;

// Keeps the first error of a text.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (!message_.empty()) return;
    at_.line = line + 1;
    at_.column = column + 1;
    message_ = message;
  }

  absl::Status status(std::string_view path) const { return absl::InvalidArgumentError(TfxPlace(at_, path, message_)); }

 private:
  TfxField at_;
  std::string message_;
};

// The value of `field` of `message`, the one at `index` where it is repeated.
class Value {
 public:
  Value(const Message& message, const FieldDescriptor* field, int index)
      : message_(message), reflection_(*message.GetReflection()), field_(field), index_(index) {}

  void Read(TfxField& target) const {
    switch (field_->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: Set(target, Kind::kText).text = Text(); break;
      case FieldDescriptor::CPPTYPE_ENUM:
        Set(target, Kind::kName).text = Get(&Reflection::GetEnum, &Reflection::GetRepeatedEnum)->name();
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        Set(target, Kind::kBool).truth = Get(&Reflection::GetBool, &Reflection::GetRepeatedBool);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        Set(target, Kind::kNumber).number = Get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        Set(target, Kind::kNumber).number = Decimal(Get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        Set(target, Kind::kInteger).integer = Get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        Set(target, Kind::kInteger).integer = Get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        Set(target, Kind::kInteger).integer = Get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32);
        break;
      // Only a default value of a tensor is one, of which nothing but the text is of use here.
      case FieldDescriptor::CPPTYPE_UINT64:
        Set(target, Kind::kText).text = fmt::format("{}", Get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE: break;
    }
  }

  const Message& Nested() const {
    return index_ < 0 ? reflection_.GetMessage(message_, field_, nullptr)
                      : reflection_.GetRepeatedMessage(message_, field_, index_);
  }

 private:
  static TfxField& Set(TfxField& target, Kind kind) {
    target.kind = kind;
    return target;
  }

  std::string Text() const { return Get(&Reflection::GetString, &Reflection::GetRepeatedString); }

  template <typename T>
  T Get(T (Reflection::*one)(const Message&, const FieldDescriptor*) const,
        T (Reflection::*repeated)(const Message&, const FieldDescriptor*, int) const) const {
    return index_ < 0 ? (reflection_.*one)(message_, field_) : (reflection_.*repeated)(message_, field_, index_);
  }

  const Message& message_;
  const Reflection& reflection_;
  const FieldDescriptor* field_;
  int index_;
};

// Adds the fields of `message` to `target`. Maps are not gone into: only how TensorFlow sees the columns is one.
absl::Status ReadFields(const Message& message, const Tree& tree, std::string_view path, TfxField& target) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < (field->is_map() ? 1 : count); ++i) {
      const int index = field->is_repeated() ? i : -1;
      TfxField read{.name = field->name(), .line = target.line, .column = target.column};
      const TextFormat::ParseLocation location = tree.GetLocation(field, index);
      if (location.line >= 0) {
        read.line = location.line + 1;
        read.column = location.column + 1;
      }
      const Value value(message, field, index);
      value.Read(read);
      const Tree* nested =
          read.kind == Kind::kMessage && !field->is_map() ? tree.GetTreeForNested(field, index) : nullptr;
      if (nested != nullptr) TRY(ReadFields(value.Nested(), *nested, path, read));
      if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(read.text)) {
        return absl::InvalidArgumentError(TfxPlace(read, path, fmt::format("this {} is not UTF-8", field->name())));
      }
      target.fields.push_back(std::move(read));
    }
  }
  return absl::OkStatus();
}

template <typename T>
using Setter = void (Reflection::*)(Message*, const FieldDescriptor*, T) const;

void WriteFields(const TfxField& source, Message& message);

void WriteField(const TfxField& source, Message& message) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(source.name);
  ROOST_CHECK(field != nullptr, message.GetDescriptor()->name() << " has no field " << source.name);
  const Reflection& reflection = *message.GetReflection();
  const auto set = [&]<typename T>(Setter<T> one, Setter<T> repeated, const auto& value) {
    (reflection.*(field->is_repeated() ? repeated : one))(&message, field, static_cast<T>(value));
  };
  switch (source.kind) {
    case Kind::kMessage:
      WriteFields(source, field->is_repeated() ? *reflection.AddMessage(&message, field)
                                               : *reflection.MutableMessage(&message, field));
      break;
    case Kind::kText: set(&Reflection::SetString, &Reflection::AddString, source.text); break;
    case Kind::kName: {
      const auto* value = field->enum_type()->FindValueByName(source.text);
      ROOST_CHECK(value != nullptr, field->full_name() << " has no value " << source.text);
      reflection.SetEnum(&message, field, value);
      break;
    }
    case Kind::kInteger: set(&Reflection::SetInt64, &Reflection::AddInt64, source.integer); break;
    case Kind::kNumber:
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
        set(&Reflection::SetFloat, &Reflection::AddFloat, source.number);
      } else {
        set(&Reflection::SetDouble, &Reflection::AddDouble, source.number);
      }
      break;
    case Kind::kBool: set(&Reflection::SetBool, &Reflection::AddBool, source.truth); break;
  }
}

void WriteFields(const TfxField& source, Message& message) {
  for (const TfxField& field : source.fields) WriteField(field, message);
}

}  // namespace

std::optional<TfxField> TfxField::Take(std::string_view field_name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.name == field_name; });
  if (found == fields.end()) return std::nullopt;
  TfxField taken = std::move(*found);
  fields.erase(found);
  return taken;
}

std::vector<TfxField> TfxField::TakeAll(std::string_view field_name) {
  const auto rest =
      std::stable_partition(fields.begin(), fields.end(), [&](const auto& field) { return field.name != field_name; });
  std::vector<TfxField> taken(std::make_move_iterator(rest), std::make_move_iterator(fields.end()));
  fields.erase(rest, fields.end());
  return taken;
}

TfxField& TfxField::Add(std::string_view field_name) {
  return fields.emplace_back(TfxField{.name = std::string(field_name)});
}

void TfxField::AddText(std::string_view field_name, std::string value) {
  fields.push_back({.name = std::string(field_name), .kind = Kind::kText, .text = std::move(value)});
}

void TfxField::AddName(std::string_view field_name, std::string_view value) {
  fields.push_back({.name = std::string(field_name), .kind = Kind::kName, .text = std::string(value)});
}

void TfxField::AddInteger(std::string_view field_name, int64_t value) {
  fields.push_back({.name = std::string(field_name), .kind = Kind::kInteger, .integer = value});
}

void TfxField::AddNumber(std::string_view field_name, double value) {
  fields.push_back({.name = std::string(field_name), .kind = Kind::kNumber, .number = value});
}

void TfxField::AddTrue(std::string_view field_name) {
  fields.push_back({.name = std::string(field_name), .kind = Kind::kBool, .truth = true});
}

std::string TfxPlace(const TfxField& field, std::string_view path, std::string_view what) {
  return fmt::format("{}:{}:{}: {}", path, field.line, field.column, what);
}

absl::StatusOr<TfxField> ParseTfxMessage(std::string_view text, std::string_view path) {
  if (text.size() > kMaxBytes) return absl::InvalidArgumentError(fmt::format("{}:1:1: larger than 16 MiB", path));
  FirstError error;
  Tree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.WriteLocationsTo(&tree);
  parser.SetRecursionLimit(kMaxDepth);
  tfx::Schema message;
  if (!parser.ParseFromString(std::string(text), &message)) {
    return WithHint(error.status(path), "want the schema of TensorFlow Extended 1.21 or older as text (schema.pbtxt)");
  }
  TfxField root;
  TRY(ReadFields(message, tree, path, root));
  return root;
}

std::string PrintTfxMessage(const TfxField& message) {
  tfx::Schema schema;
  WriteFields(message, schema);
  TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  ROOST_CHECK(printer.PrintToString(schema, &text), "a schema that cannot be printed");
  return text;
}

}  // namespace roost::schema
