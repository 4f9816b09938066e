# paddock_precompile(target): compiles the headers nearly every file includes once per target. They take longer to
# read than most of our files do to compile. Sources still include what they use.
option(PADDOCK_PRECOMPILE "Precompile common headers" ${PROJECT_IS_TOP_LEVEL})

function(paddock_precompile target)
  if(PADDOCK_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <chrono> <functional> <map> <memory> <mutex> <optional> <span> <string> <string_view>
      <thread> <unordered_map> <vector>
      <boost/asio/ip/address.hpp> <boost/system/result.hpp>)
  endif()
endfunction()
