// SPDX-License-Identifier: Apache-2.0
#include "service/reply_cache.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::service {
namespace {

using documents::Edition;
using documents::Mark;

Edition edition(std::uint64_t number, std::vector<Mark> changed) {
  Edition made;
  made.number = number;
  made.changes = {.is_everything = false, .marks = std::move(changed), .namespaces = {}};
  return made;
}

std::shared_ptr<const DocumentAnswer> answer(const char* body, std::vector<Mark> marks,
                                             bool is_personal = false) {
  auto made = std::make_shared<DocumentAnswer>();
  made->tag = "\"1\"";
  made->ready.emplace("text/plain", "", body);
  made->marks = std::move(marks);
  made->is_personal = is_personal;
  return made;
}

TEST(ReplyCache, HoldsAnAnswerUntilSomethingItWasMadeOfChanges) {
  ReplyCache cache;
  cache.take(edition(1, {}));
  cache.keep({"/a", "", "me"}, answer("A", {11, 12}));

  cache.take(edition(2, {13}));
  ASSERT_NE(cache.find({"/a", "", "you"}), nullptr);
  cache.take(edition(3, {12}));

  EXPECT_EQ(cache.find({"/a", "", "me"}), nullptr);
  cache.keep({"/a", "", "me"}, answer("B", {11, 12}));
  EXPECT_EQ(cache.find({"/a", "", "me"})->ready->body(), "B");
  Edition unlike;  // says nothing of what has changed
  unlike.number = 4;
  cache.take(unlike);
  EXPECT_EQ(cache.find({"/a", "", "me"}), nullptr);
}

TEST(ReplyCache, APersonalAnswerIsForItsClientOnly) {
  ReplyCache cache;
  cache.take(edition(1, {}));
  cache.keep({"/self", "", "me"}, answer("mine", {1}, true));

  EXPECT_EQ(cache.find({"/self", "", "me"})->ready->body(), "mine");
  EXPECT_EQ(cache.find({"/self", "", "you"}), nullptr);
  cache.keep({"/token", "", "me"}, answer("everybody's", {2}));
  cache.take(edition(2, {2}));
  cache.keep({"/token", "", "me"}, answer("a secret", {2}, true));
  EXPECT_EQ(cache.find({"/token", "", "you"}), nullptr);
}

TEST(ReplyCache, ForgetsWhatWasNotAskedForLately) {
  ReplyCache cache;
  cache.take(edition(1, {}));
  const std::string large(100'000, 'x');
  cache.keep({"/asked", "", ""}, answer("A", {1}));
  cache.keep({"/not-asked", "", ""}, answer("B", {1}));
  for (int i = 0; i < 500; ++i) {
    cache.keep({"/large/" + std::to_string(i), "", ""}, answer(large.c_str(), {1}));
    EXPECT_NE(cache.find({"/asked", "", ""}), nullptr) << i;
  }

  EXPECT_EQ(cache.find({"/not-asked", "", ""}), nullptr);
  EXPECT_EQ(cache.find({"/large/0", "", ""}), nullptr);
  EXPECT_NE(cache.find({"/large/499", "", ""}), nullptr);
}

TEST(ReplyCache, TellsThePartsOfAKeyApart) {
  ReplyCache cache;
  cache.take(edition(1, {}));
  cache.keep({"/a", "b", "c"}, answer("A", {1}, true));

  EXPECT_NE(cache.find({"/a", "b", "c"}), nullptr);
  EXPECT_EQ(cache.find({"/ab", "", "c"}), nullptr);
  EXPECT_EQ(cache.find({"/a", "bc", ""}), nullptr);
  EXPECT_EQ(cache.find({"/a", "", "bc"}), nullptr);
}

TEST(ReplyCache, TheAnswerFoundLastHoldsNoLongerThanOthers) {
  ReplyCache cache;
  cache.take(edition(1, {}));
  cache.keep({"/a", "", "me"}, answer("A", {1}));
  cache.keep({"/b", "", "me"}, answer("B", {2}, true));
  const auto body = [&cache](const char* path, const char* client) {
    const auto found = cache.find({path, "", client});
    return found ? found->ready->body() : "";
  };

  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(body("/a", "me"), "A");
    EXPECT_EQ(body("/a", "you"), "A");
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(body("/b", "me"), "B");
    EXPECT_EQ(body("/b", "you"), "");
  }
  cache.keep({"/b", "", "me"}, answer("C", {2}, true));
  EXPECT_EQ(body("/b", "me"), "C");
  cache.take(edition(2, {2}));
  EXPECT_EQ(body("/b", "me"), "");
  cache.clear();
  EXPECT_EQ(body("/a", "me"), "");
}

TEST(ReplyCache, StaysWithinItsBoundsHoweverMuchIsAskedAgain) {
  ReplyCache cache;
  cache.take(edition(1, {}));
  const std::string large(200'000, 'x');
  const auto path = [](int i) { return "/large/" + std::to_string(i); };
  for (int i = 0; i < 400; ++i) {
    cache.keep({path(i), "", ""}, answer(large.c_str(), {1}));
    for (int earlier = 0; earlier < i; ++earlier) (void)cache.find({path(earlier), "", ""});
  }

  int kept = 0;
  for (int i = 0; i < 400; ++i) kept += cache.find({path(i), "", ""}) ? 1 : 0;
  EXPECT_GT(kept, 50);
  EXPECT_LT(kept, 180);  // two halves of 16 MiB
}

TEST(ReplyCache, KnowsWhatIsAskedAgain) {
  ReplyCache cache;

  EXPECT_FALSE(cache.is_asked_again({"/self", "", "me"}, true));
  EXPECT_FALSE(cache.is_asked_again({"/self", "", "you"}, true));
  EXPECT_TRUE(cache.is_asked_again({"/self", "", "me"}, true));
  EXPECT_FALSE(cache.is_asked_again({"/services", "", "me"}, false));
  EXPECT_TRUE(cache.is_asked_again({"/services", "", "you"}, false));
}

}  // namespace
}  // namespace paddock::metadata::service
