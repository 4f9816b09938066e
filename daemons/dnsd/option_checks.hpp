// SPDX-License-Identifier: Apache-2.0
//
// What values of dnsd's options must look like: each says what is wrong with the text, or nothing.
#pragma once

#include <string>
#include <vector>

namespace paddock::dnsd {

std::string check_zone(const std::string& text);
std::string check_zone_label(const std::string& text);
std::string check_static_zone(const std::string& text);
std::string check_zone_or_none(const std::string& text);
std::string check_selector(const std::string& text);
std::string check_zone_ttl(const std::string& text);
std::string check_listen(const std::string& text);
std::string check_reload_listen(const std::string& text);
std::string check_file_or_none(const std::string& text);
std::string check_visible(const std::string& text);
std::string check_upstream(const std::string& text);
std::string check_stub(const std::string& text, const std::vector<std::string>& before);
std::string check_rewrite(const std::string& text);
std::string check_type(const std::string& text);
std::string check_host(const std::string& text);
std::string check_dns64(const std::string& text);

}  // namespace paddock::dnsd
