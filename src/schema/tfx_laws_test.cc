// Laws of the two directions of tfx_text.h, over texts that a generator makes up.

#include <random>

#include <gtest/gtest.h>
#include <schema/tfx_schema.pb.h>

#include "schema/tfx_text.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  tfx::Schema Schema() {
    tfx::Schema schema;
    Fill(schema, 0);
    schema.clear_tensor_representation_group();
    // Domains that can be named, and names that can be.
    for (tfx::StringDomain& domain : *schema.mutable_string_domain()) Name(domain);
    for (tfx::IntDomain& domain : *schema.mutable_int_domain()) Name(domain);
    for (tfx::FloatDomain& domain : *schema.mutable_float_domain()) Name(domain);
    tfx::StringDomain& words = *schema.add_string_domain();
    words.set_name("word");
    words.add_value("word");
    for (tfx::Feature& feature : *schema.mutable_feature()) NameAll(feature);
    for (tfx::SparseFeature& sparse : *schema.mutable_sparse_feature()) {
      Name(sparse);
      sparse.clear_index_feature();
      sparse.add_index_feature()->set_name("n1");
      sparse.mutable_value_feature()->set_name("n2");
    }
    for (tfx::WeightedFeature& weighted : *schema.mutable_weighted_feature()) {
      Name(weighted);
      weighted.mutable_feature()->add_step("n1");
      weighted.mutable_weight_feature()->add_step("n2");
    }
    return schema;
  }

 private:
  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  template <typename M>
  void Name(M& message) {
    message.set_name("n" + std::to_string(++names_));
  }

  void NameAll(tfx::Feature& feature) {
    Name(feature);
    if (feature.in_environment_size() > 0) feature.clear_not_in_environment();
    if (!feature.has_struct_domain()) return;
    for (tfx::Feature& field : *feature.mutable_struct_domain()->mutable_feature()) NameAll(field);
  }

  void Fill(Message& message, int depth) {
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message.GetDescriptor()->field(i);
      if (field->is_map() || field->name() == "extra_metadata") continue;
      const int times = field->is_repeated() ? static_cast<int>(random_() % 4) : Chance(depth > 1 ? 60 : 25) ? 1 : 0;
      for (int n = 0; n < times; ++n) Set(message, field, depth);
    }
  }

  // One that makes sense there.
  std::string Word(const std::string& field) {
    if (field == "false_value") return "other";
    if (field == "string_format") return "%Y-%m-%d";
    return field == "string_value" ? "word" + std::to_string(++names_) : "word";
  }

  void Set(Message& message, const FieldDescriptor* field, int depth) {
    const auto& reflection = *message.GetReflection();
    const bool is_list = field->is_repeated();
    const bool is_max = field->name().starts_with("max");
    const bool is_size = field->name() == "size" || field->name() == "embedding_dim";
    const auto number = static_cast<int64_t>(random_() % 5) + (is_max ? 5 : 0) + (is_size ? 1 : 0);
    const double share = static_cast<double>(random_() % 51 + (is_max ? 50 : 0)) / 100;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth >= 8) break;
        Fill(is_list ? *reflection.AddMessage(&message, field) : *reflection.MutableMessage(&message, field),
             depth + 1);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        if (is_list) {
          reflection.AddString(&message, field, Word(field->name()));
        } else {
          reflection.SetString(&message, field, Word(field->name()));
        }
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        if (is_list) {
          reflection.AddInt64(&message, field, number);
        } else {
          reflection.SetInt64(&message, field, number);
        }
        break;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto count = static_cast<uint64_t>(field->enum_type()->value_count());
        reflection.SetEnum(&message, field, field->enum_type()->value(static_cast<int>(random_() % count)));
        break;
      }
      case FieldDescriptor::CPPTYPE_BOOL: reflection.SetBool(&message, field, Chance(50)); break;
      case FieldDescriptor::CPPTYPE_DOUBLE: reflection.SetDouble(&message, field, share); break;
      case FieldDescriptor::CPPTYPE_FLOAT: reflection.SetFloat(&message, field, static_cast<float>(share)); break;
      default: break;
    }
  }

  std::mt19937_64 random_;
  int names_ = 0;
};

TEST(TfxLaws, WhatWasReadIsWrittenAndReadAgainTheSame) {
  Generator generator(20261129);
  int64_t columns = 0;
  int read = 0;
  for (int round = 0; round < 400; ++round) {
    const std::string text = generator.Schema().DebugString();
    const auto first = FromTfxText(text, "generated");
    if (!first.ok()) continue;  // a text without features, or bool_domains without a text
    ++read;
    columns += static_cast<int64_t>(first->schema.columns.size());
    const TfxExport exported = ToTfxText(first->schema);
    const auto second = FromTfxText(exported.text, "exported");
    ASSERT_TRUE(second.ok()) << second.status() << '\n' << text << exported.text;
    ASSERT_EQ(second->schema.columns, first->schema.columns) << text << exported.text;
    ASSERT_EQ(second->schema, first->schema) << text << exported.text;
    ASSERT_EQ(ToTfxText(second->schema).text, exported.text);
    const auto from_yaml = FromYaml(ToYaml(first->schema), "schema.yaml");
    ASSERT_TRUE(from_yaml.ok()) << from_yaml.status() << '\n' << text;
    ASSERT_EQ(*from_yaml, first->schema) << text;
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(columns, 200);
}

}  // namespace
}  // namespace roost::schema
