// SPDX-License-Identifier: Apache-2.0
#include "documents/media_type.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::documents {
namespace {

struct Row {
  const char* accept;
  const char* content_type;
};

class MediaTypeRows : public ::testing::TestWithParam<Row> {};

TEST_P(MediaTypeRows, IsChosen) {
  EXPECT_EQ(negotiate(GetParam().accept).content_type, GetParam().content_type);
}

constexpr const char* text = "text/plain; charset=utf-8";
INSTANTIATE_TEST_SUITE_P(
    Accept, MediaTypeRows,
    ::testing::Values(
        Row{"", text}, Row{"*/*", text}, Row{"text/html", text},
        Row{"application/json", "application/json"},
        Row{"application/json, */*", "application/json"},
        Row{"*/*, application/json", "application/json"}, Row{"application/json, text/plain", text},
        Row{"application/json, text/plain;q=0.5", "application/json"},
        Row{"application/*", "application/json"},
        Row{"application/*;q=0.1, text/html", "application/json"},
        Row{"application/json; charset=utf-8", "application/json"},
        Row{"Application/JSON", "application/json"}, Row{"application/json;q=0, */*", text},
        Row{"application/yaml", "application/yaml"},
        Row{"application/x-yaml", "application/x-yaml"},
        Row{"text/yaml", "text/yaml; charset=utf-8"}, Row{"text/*", text}, Row{",;,q=;/", text},
        Row{"application/json;q=abc", text},
        Row{"application/json;q=2, text/yaml;q=0.1", "text/yaml; charset=utf-8"},
        Row{"application/json;q=1.5", "application/json"}, Row{"text/yaml;q=0.05, */*;q=0.1", text},
        Row{"application/json;q=0.5, */*;q=0.8", text},
        Row{"application/json;q=0.8, text/*;q=0.9", text},
        Row{"application/json text/yaml", "application/json"}));

}  // namespace
}  // namespace paddock::metadata::documents
