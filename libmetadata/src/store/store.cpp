// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/store.hpp>

#include <future>

namespace paddock::metadata {

WriteResult Store::write(Write write) {
  std::promise<WriteResult> answered;
  auto answer = answered.get_future();
  submit(std::move(write),
         [&answered](WriteResult result) { answered.set_value(std::move(result)); });
  return answer.get();
}

}  // namespace paddock::metadata
