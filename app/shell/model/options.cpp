// SPDX-License-Identifier: MIT
#include "app/shell/model/options.hpp"

#include <algorithm>
#include <charconv>

#include "reference/core/error.hpp"

namespace alab::shell {
namespace {

const std::vector<std::string> kNames = {"--lab",        "--step",     "--page",    "--kernel",
                                         "--exercise",   "--panel",    "--theme",   "--size",
                                         "--screenshot", "--answered", "--measure", "--help"};

int whole_number(std::string_view word, std::string_view option, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  require(error == std::errc{} && end == word.data() + word.size() && low <= value && value <= high, option,
          " ", word, " is not a whole number from ", low, " to ", high);
  return value;
}

void read_size(Options& options, const std::string& word) {
  const auto x = word.find('x');
  require(x != std::string::npos, "--size ", word, " is not WIDTHxHEIGHT, for example 1366x768");
  options.width = whole_number(std::string_view(word).substr(0, x), "--size", 640, 8192);
  options.height = whole_number(std::string_view(word).substr(x + 1), "--size", 480, 8192);
}

void read_option(Options& options, const std::string& name, const std::string& value) {
  if (name == "--lab") {
    options.lab = value;
  } else if (name == "--step") {
    options.step = whole_number(value, name, 1, 99);
  } else if (name == "--page") {
    require(value == "overview" || value == "quiz" || value == "readings", "--page ", value,
            " is not overview, quiz or readings");
    options.page = value;
  } else if (name == "--kernel") {
    require(value.find('/') != std::string::npos, "--kernel ", value,
            " is not OP/RUNG, for example flash_attention_fwd/30_fa2_order");
    options.kernel = value;
  } else if (name == "--exercise") {
    options.exercise = value;
  } else if (name == "--panel") {
    require(value == "request" || value == "painter" || value == "roofline", "--panel ", value,
            " is not request, painter or roofline");
    options.panel = value;
  } else if (name == "--theme") {
    require(value == "paper" || value == "dark", "--theme ", value, " is not paper or dark");
    options.theme = value;
  } else if (name == "--size") {
    read_size(options, value);
  } else {
    options.screenshot = value;
  }
}

}  // namespace

Options parse_options(std::span<const std::string> arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "-h") {
      name = "--help";
    }
    const auto equals = name.find('=');
    std::string value = equals == std::string::npos ? "" : name.substr(equals + 1);
    name = name.substr(0, equals);
    if (std::ranges::count(kNames, name) == 0) {
      const std::string near = nearest(name, kNames);
      throw Error(near.empty() ? text("'", name, "' is not an option; --help lists them")
                               : text("'", name, "' is not an option; did you mean ", near, "?"));
    }
    if (name == "--help") {
      options.help = true;
    } else if (name == "--answered") {
      options.answered = true;
    } else if (name == "--measure") {
      options.measure = true;
    } else {
      if (equals == std::string::npos) {
        require(i + 1 < arguments.size(), name, " needs a value; --help shows which");
        value = arguments[++i];
      }
      read_option(options, name, value);
    }
  }
  require(options.kernel.empty() || !options.lab.empty(), "--kernel ", options.kernel,
          " needs the lab that it belongs to: add --lab ID");
  require(options.lab.empty() || !options.lab.starts_with('-'), "--lab needs the name of a lab, not ",
          options.lab);
  return options;
}

std::string options_help() {
  return "attention_lab: the attention lab workbook\n\n"
         "usage: attention_lab [options]\n\n"
         "  --lab ID           open this lab; a part of its name is enough (flash)\n"
         "  --step N           at its Nth step, counted from 1\n"
         "  --page NAME        or at its overview, quiz or readings\n"
         "  --exercise ID      at this exercise; its number is enough (1a)\n"
         "  --kernel OP/RUNG   with --lab: Code and memory, with this kernel counted\n"
         "  --panel NAME       there: request, painter, or roofline (which counts the whole ladder) in "
         "front\n"
         "  --theme NAME       paper or dark\n"
         "  --size WxH         size of the window, for example 1366x768\n"
         "  --screenshot FILE  draw the window once its runs are finished, save it as PNG, and exit;\n"
         "                     progress is neither read nor written\n"
         "  --answered         with --screenshot: show plots without asking for predictions first; with\n"
         "                     --exercise: check what is there\n"
         "  --measure          time the window on this machine (start, sliders of --lab or of all, idling), "
         "print\n"
         "                     the times and exit; progress is neither read nor written\n"
         "  --help             this text\n\n"
         "Progress is kept in ~/.local/share/attention-lab (ALAB_DATA_DIR changes it).\n"
         "Without a display use: ./app/run.sh --headless DIR, or the command line program alab.\n";
}

const Lab& lab_named(std::string_view id, std::span<const Lab* const> labs) {
  const Lab* found = nullptr;
  std::vector<std::string> ids;
  int matches = 0;
  for (const Lab* lab : labs) {
    ids.emplace_back(lab->id);
    if (lab->id == id) {
      return *lab;
    }
    if (lab->id.find(id) != std::string_view::npos) {
      found = lab;
      ++matches;
    }
  }
  if (matches == 1) {
    return *found;
  }
  std::string all;
  for (const std::string& one : ids) {
    all += all.empty() ? one : ", " + one;
  }
  const std::string near = nearest(id, ids);
  throw Error(text("there is no lab '", id, "'", near.empty() ? "" : text("; did you mean ", near, "?"),
                   " The labs are: ", all));
}

}  // namespace alab::shell
