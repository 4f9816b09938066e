// SPDX-License-Identifier: Apache-2.0
//
// What executing the plugin costs at least: a static program that does nothing, of musl where the
// plugin is (daemons/cni/CMakeLists.txt).
int main() {}
