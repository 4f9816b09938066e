// SPDX-License-Identifier: Apache-2.0
//
// ldns for C++: without stdbool.h before it, it makes macros of bool, true and false.
#pragma once

// clang-format off
#include <stdbool.h>
#include <ldns/ldns.h>
// clang-format on
