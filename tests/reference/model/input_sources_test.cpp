#include "reference/model/input_sources.hpp"

#include <set>

#include "reference/core/eigen_view.hpp"
#include "reference/core/npy.hpp"
#include "reference/model/model_runs.hpp"
#include "reference/model/text.hpp"
#include "tests/reference/model/model_fixtures.hpp"

using namespace alab;
using namespace alab::testing;

namespace {

/// A cache folder with a small random model of SmolLM2's layers and heads, and one book.
struct SmallCache {
  TemporaryFolder folder;
  CacheAt cache{folder.path};
  SmallCache() {
    std::filesystem::create_directories(folder.path / "models");
    std::filesystem::create_directories(folder.path / "texts");
    write_file_atomic(SmolLm2::default_path(), tiny_model({30, 9, 3, 4, 32, 0, 0, 0}));
    std::string book = "[Alice]\n\nAlice was beginning";
    for (int i = 0; i < 300; ++i) {
      book += (i % 10 == 0 ? "\nword" : " word") + std::to_string(i);
    }
    write_file_atomic(folder.path / "texts" / "carroll-alice.txt", book);
  }
};

InputRequest request_of(std::int64_t seq_len, std::int64_t heads = 1) {
  InputRequest request;
  request.seq_len = seq_len;
  request.heads = heads;
  return request;
}

AttentionInput make(std::string_view name, const InputRequest& request) {
  return resolve_input(name).make(request, {});
}

}  // namespace

TEST_CASE("names of heads are read and written back") {
  for (const char* name : {"smollm2:L0H0", "smollm2:L29H8", "smollm2:L17H5@alice",
                           "smollm2:L17H5@moby_dick+1000", "smollm2:L3H2@\"Say \"hi\" @ once+1\""}) {
    CHECK(name_of(parse_head(name)) == name);
  }
  CHECK(parse_head("smollm2:L3H2@\"abc") == HeadChoice{3, 2, "", 0, "abc"});
  CHECK(parse_head("smollm2:L17H5@alice+12") == HeadChoice{17, 5, "alice", 12, ""});
}

TEST_CASE("a wrong input name is one sentence with what is right") {
  const auto said = [](std::string_view name) { return error_of([&] { resolve_input(name); }); };
  CHECK(contains(said("normla"), "there is no input 'normla'; did you mean 'normal'?"));
  CHECK(contains(said("smollm2"), "did you mean 'smollm2:L17H5'?"));
  CHECK(contains(said("qqqqqqqqqqqqqqqqqqqqqq"), "Inputs are normal, "));
  CHECK(contains(said("smollm2:L30H0"), "layer 30 is outside 0..29"));
  CHECK(contains(said("smollm2:L0H9"), "head 9 is outside 0..8"));
  CHECK(contains(said("smollm2:L-1H0"), "layer -1 is outside 0..29"));
  CHECK(contains(said("smollm2:L17H5@alise"), "did you mean 'alice'?"));
  CHECK(contains(said("smollm2:L17H5@alice+x"), "'x' is no number of words"));
  CHECK(contains(said("smollm2:L17H5@alice+-4"), "'-4' is no number of words"));
  CHECK(contains(said("smollm2:L17H5@\"\""), "the text after @ is empty"));
  for (const char* name : {"smollm2:", "smollm2:17", "smollm2:L17", "smollm2:LH", "smollm2:L1xH2",
                           "smollm2:L1H2x", "smollm2:L99999999999999999999H0"}) {
    CHECK(contains(said(name), "does not name a head; write smollm2:L17H5"));
  }
}

TEST_CASE("the list holds every synthetic input and heads of the model, each resolvable by its name") {
  std::set<std::string> names;
  for (const InputSource& source : list_inputs()) {
    CAPTURE(source.name);
    CHECK(names.insert(source.name).second);
    CHECK(!source.label.empty());
    CHECK(!source.doc.empty());
    CHECK(resolve_input(source.name).name == source.name);
  }
  CHECK(names.contains("normal"));
  CHECK(names.contains("smollm2:L17H5"));
  CHECK(names.contains("smollm2:L17H5@alice"));
  CHECK(names.size() > synthetic_inputs().size() + 3);
}

TEST_CASE("without the packages the heads are listed with the reason and the command") {
  const TemporaryFolder empty;
  const CacheAt cache(empty.path);
  const InputSource source = resolve_input("smollm2:L17H5");
  CHECK(contains(source.unavailable, empty.path.string()));
  CHECK(contains(source.unavailable, "./app/run.sh"));
  CHECK(contains(error_of([&] { source.make({}, {}); }), "./app/run.sh"));
  CHECK(resolve_input("normal").unavailable.empty());
}

TEST_CASE("without the books only the heads on books are unavailable") {
  const SmallCache cache;
  CHECK(resolve_input("smollm2:L17H5").unavailable.empty());
  CHECK(resolve_input("smollm2:L17H5@alice").unavailable.empty());
  CHECK(contains(resolve_input("smollm2:L17H5@emma").unavailable, "austen-emma.txt"));
}

TEST_CASE("a head honours seq_len as an upper bound and gives what the model computed") {
  const SmallCache cache;
  const SmolLm2& model = ModelRuns::installed()->model();
  const AttentionInput in = make("smollm2:L17H5@\"hello world hello\"", request_of(512));
  const std::vector<int> ids = model.tokenizer().encode("hello world hello");
  const auto count = static_cast<std::int64_t>(ids.size());
  CHECK(in.query.shape() == Shape{1, count, 4});
  CHECK(in.tokens.size() == ids.size());
  CHECK(in.tokens[0] == "hello");
  CHECK(in.tokens[1] == "\u00B7wor");
  CHECK(in.causal);
  CHECK(in.real);
  CHECK(in.mask.empty());
  CHECK(in.softmax_scale == 0);
  CHECK(in.description == text("SmolLM2-135M layer 17, head 5, on 'hello world hello' (", count, " tokens)"));
  const auto run = model.start(ids);
  model.extend(*run, 18, {});
  CHECK(RowMatrix<float>(head(in.query, 0)) == run->query(17, 5, count));
  CHECK(RowMatrix<float>(head(in.key, 0)) == run->key(17, 5, count));
  CHECK(RowMatrix<float>(head(in.value, 0)) == run->value(17, 5, count));
  const AttentionInput cut = make("smollm2:L17H5@\"hello world hello\"", request_of(3));
  CHECK(cut.query.shape() == Shape{1, 3, 4});
  CHECK(RowMatrix<float>(head(cut.query, 0)) == run->query(17, 5, 3));
  CHECK(contains(error_of([] { make("smollm2:L17H5", request_of(0)); }), "both must be 1 or more"));
}

TEST_CASE("several heads are the layer's, counted on from the chosen one, with their own key-value heads") {
  const SmallCache cache;
  const AttentionInput one = make("smollm2:L4H1@alice", request_of(20)),
                       all = make("smollm2:L4H7@alice", request_of(20, 64));
  CHECK(all.query.shape() == Shape{9, 20, 4});
  CHECK(RowMatrix<float>(head(all.query, 3)) == RowMatrix<float>(head(one.query, 0)));
  CHECK(RowMatrix<float>(head(all.key, 3)) == RowMatrix<float>(head(one.key, 0)));
  CHECK(RowMatrix<float>(head(all.key, 2)) == RowMatrix<float>(head(one.key, 0)));  // heads 0, 1, 2 share one
  CHECK(RowMatrix<float>(head(all.key, 1)) != RowMatrix<float>(head(one.key, 0)));
  CHECK(contains(all.description, "9 heads from head 7"));
}

TEST_CASE(
    "a passage of a book is read from an offset, and a length within a power of two costs no new pass") {
  const SmallCache cache;
  const AttentionInput start = make("smollm2:L2H0@alice", request_of(100));
  const std::size_t kept = ModelRuns::installed()->kept();
  const AttentionInput shorter = make("smollm2:L2H0@alice", request_of(70));
  CHECK(ModelRuns::installed()->kept() == kept);
  CHECK(RowMatrix<float>(head(shorter.query, 0)) == RowMatrix<float>(head(start.query, 0).topRows(70)));
  CHECK(contains(start.description, "on 'Alice was beginning word0"));
  const AttentionInput later = make("smollm2:L2H0@alice+100", request_of(100));
  CHECK(contains(later.description, "on 'word97"));
  CHECK(contains(error_of([] { make("smollm2:L2H0@alice+1000", request_of(100)); }), "beyond its end"));
}

TEST_CASE("a head can be cancelled before and while the model runs") {
  const SmallCache cache;
  std::stop_source source;
  Progress progress;
  progress.stop = source.get_token();
  int steps = 0;
  progress.report = [&](double, std::string_view) {
    if (++steps == 5) {
      source.request_stop();
    }
  };
  CHECK_THROWS_AS(resolve_input("smollm2:L29H0@alice").make(request_of(256), progress), Cancelled);
  CHECK(make("smollm2:L29H0@alice", request_of(256)).query.extent(1) == 256);
}

TEST_CASE("a student's case is read with its mask and parameters, and a broken one is refused") {
  const TemporaryFolder folder;
  const auto in = [&](const char* file) { return folder.path / file; };
  const std::string name = "case:" + folder.path.string();
  CHECK(contains(resolve_input(name).unavailable, "there is no q.npy in"));
  write_npy(in("q.npy"), Tensor<double>({2, 3, 4}));
  write_npy(in("k.npy"), Tensor<float>({2, 5, 4}));
  CHECK(contains(resolve_input(name).unavailable, "there is no v.npy"));
  write_npy(in("v.npy"), Tensor<float>({2, 5, 6}));
  const InputSource source = resolve_input(name);
  CHECK(source.unavailable.empty());
  AttentionInput input = source.make({}, {});
  CHECK(input.query.shape() == Shape{2, 3, 4});
  CHECK(input.value.shape() == Shape{2, 5, 6});
  CHECK_FALSE(input.causal);
  CHECK_FALSE(input.real);
  write_npy(in("mask.npy"), Tensor<float>({3, 5}));
  write_file_atomic(in("meta.json"),
                    R"({"algorithm": "softmax_attention", "params": {"causal": true, "scale": 0.25}})");
  input = source.make({}, {});
  CHECK(input.mask.shape() == Shape{3, 5});
  CHECK(input.causal);
  CHECK(input.softmax_scale == 0.25);
  write_npy(in("mask.npy"), Tensor<float>({5, 3}));
  CHECK(contains(error_of([&] { source.make({}, {}); }), "mask [5, 3]"));
  write_npy(in("k.npy"), Tensor<float>({2, 5, 3}));
  CHECK(contains(error_of([&] { source.make({}, {}); }), "do not fit"));
  write_npy(in("k.npy"), Tensor<float>({5}));
  CHECK(contains(error_of([&] { source.make({}, {}); }), "has shape [5]"));
  write_npy(in("q.npy"), Tensor<float>({7, 4}));
  write_npy(in("k.npy"), Tensor<float>({7, 4}));
  write_npy(in("v.npy"), Tensor<float>({7, 4}));
  std::filesystem::remove(in("mask.npy"));
  CHECK(source.make({}, {}).query.shape() == Shape{1, 7, 4});
}

TEST_CASE("the real model gives a head of 64 dimensions for the default text") {
  if (!have_model()) {
    return;
  }
  const AttentionInput in = make("smollm2:L17H5", request_of(512));
  CHECK(in.query.shape() == Shape{1, 22, 64});
  CHECK(in.tokens[3] == "\u00B7Mad");
  CHECK(in.description ==
        "SmolLM2-135M layer 17, head 5, on 'Alice met the Mad Hatter in the garden. ...' (22 tokens)");
}
