// SPDX-License-Identifier: Apache-2.0
//
// Numbers as the three forms of a document write them: each as the Go program it stands in for.
#pragma once

#include <string>

namespace paddock::metadata::documents {

// Six digits after the point, without the zeros at the end: 1.5, 3, 0 for what is smaller.
[[nodiscard]] std::string text_number(double number);
// The shortest text that reads as the same number; with an exponent from 1e21 on and below 1e-6.
// Null for what JSON has no number for.
[[nodiscard]] std::string json_number(double number);
// The same, with an exponent of two digits from 1e+06 on and below 0.0001.
[[nodiscard]] std::string yaml_number(double number);

}  // namespace paddock::metadata::documents
