// Markdown to blocks and spans, by md4c.
// SPDX-License-Identifier: MIT
#include <md4c.h>

#include <array>
#include <utility>

#include "app/shell/markdown.hpp"

namespace alab::shell::md {
namespace {

std::string attribute(const MD_ATTRIBUTE& a) {
  return a.text == nullptr ? "" : std::string(a.text, a.size);
}

std::string entity(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kKnown = {
      {"&lt;", "<"},    {"&gt;", ">"},    {"&amp;", "&"},   {"&quot;", "\""}, {"&nbsp;", "\u00a0"},
      {"&ndash;", "–"}, {"&mdash;", "—"}, {"&times;", "×"}, {"&le;", "≤"},    {"&ge;", "≥"}};
  const auto found = kKnown.find(name);
  return found == kKnown.end() ? std::string(name) : found->second;
}

class Builder {
 public:
  Document document;

  void enter_block(MD_BLOCKTYPE type, void* detail) {
    switch (type) {
      case MD_BLOCK_QUOTE:
        ++quote_;
        break;
      case MD_BLOCK_UL:
        lists_.push_back({false, 0});
        break;
      case MD_BLOCK_OL:
        lists_.push_back({true, static_cast<int>(static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start)});
        break;
      case MD_BLOCK_LI:
        marker_ = lists_.back().first ? std::to_string(lists_.back().second++) + "." : "•";
        open(BlockKind::paragraph);
        break;
      case MD_BLOCK_HR:
        open(BlockKind::rule);
        close();
        break;
      case MD_BLOCK_H:
        open(BlockKind::heading).level = static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
        break;
      case MD_BLOCK_CODE:
        open(BlockKind::code).spans.push_back({SpanKind::code, "", false, false, false, -1});
        break;
      case MD_BLOCK_P:
        open(BlockKind::paragraph);
        break;
      case MD_BLOCK_TABLE:
        open(BlockKind::table);
        break;
      case MD_BLOCK_TR:
        document.blocks.back().rows.emplace_back();
        break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        document.blocks.back().rows.back().emplace_back();
        cell_ = true;
        bold_ += type == MD_BLOCK_TH ? 1 : 0;
        break;
      default:
        break;
    }
  }

  void leave_block(MD_BLOCKTYPE type) {
    switch (type) {
      case MD_BLOCK_QUOTE:
        --quote_;
        break;
      case MD_BLOCK_UL:
      case MD_BLOCK_OL:
        lists_.pop_back();
        close();
        break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        cell_ = false;
        bold_ -= type == MD_BLOCK_TH ? 1 : 0;
        break;
      case MD_BLOCK_H:
      case MD_BLOCK_P:
      case MD_BLOCK_LI:
      case MD_BLOCK_CODE:
      case MD_BLOCK_TABLE:
        close();
        break;
      default:
        break;
    }
  }

  void span(MD_SPANTYPE type, void* detail, bool enter) {
    const int step = enter ? 1 : -1;
    if (type == MD_SPAN_EM) {
      italic_ += step;
    } else if (type == MD_SPAN_STRONG) {
      bold_ += step;
    } else if (type == MD_SPAN_DEL) {
      strike_ += step;
    } else if (type == MD_SPAN_CODE) {
      kind_ = enter ? SpanKind::code : SpanKind::text;
    } else if (type == MD_SPAN_LATEXMATH || type == MD_SPAN_LATEXMATH_DISPLAY) {
      kind_ = !enter ? SpanKind::text : (type == MD_SPAN_LATEXMATH ? SpanKind::math : SpanKind::display_math);
      fresh_ = true;
    } else if (type == MD_SPAN_A && enter) {
      document.links.push_back(attribute(static_cast<MD_SPAN_A_DETAIL*>(detail)->href));
      link_ = static_cast<int>(document.links.size()) - 1;
    } else if (type == MD_SPAN_A) {
      link_ = -1;
    } else if (type == MD_SPAN_IMG) {
      italic_ += step;
    }
  }

  void text(MD_TEXTTYPE type, std::string_view words) {
    switch (type) {
      case MD_TEXT_BR:
        add(SpanKind::line_break, "");
        break;
      case MD_TEXT_SOFTBR:
        add(SpanKind::text, " ");
        break;
      case MD_TEXT_ENTITY:
        add(kind_, entity(words));
        break;
      case MD_TEXT_HTML:
      case MD_TEXT_NULLCHAR:
        break;
      default:
        add(kind_, std::string(words));
        break;
    }
  }

 private:
  Block& open(BlockKind kind) {
    Block block;
    block.kind = kind;
    block.indent = static_cast<int>(lists_.size());
    block.quote = quote_;
    if (!open_ || kind != BlockKind::paragraph || !document.blocks.back().spans.empty()) {
      if (open_ && document.blocks.back().spans.empty() && document.blocks.back().rows.empty()) {
        marker_ = document.blocks.back().marker;
        document.blocks.pop_back();
      }
      block.marker = std::exchange(marker_, "");
      document.blocks.push_back(std::move(block));
    }
    open_ = true;
    return document.blocks.back();
  }

  void close() { open_ = false; }

  void add(SpanKind kind, std::string words) {
    if (!cell_ && !open_) {
      open(BlockKind::paragraph);
    }
    Block& block = document.blocks.back();
    if (block.kind == BlockKind::code) {
      block.spans.front().text += words;
      return;
    }
    auto& spans = cell_ ? block.rows.back().back() : block.spans;
    const Span span{kind, "", bold_ > 0, italic_ > 0, strike_ > 0, link_};
    const bool same = !spans.empty() && !fresh_ && kind != SpanKind::line_break &&
                      spans.back().kind == kind && spans.back().bold == span.bold &&
                      spans.back().italic == span.italic && spans.back().strike == span.strike &&
                      spans.back().link == span.link;
    if (!same) {
      spans.push_back(span);
    }
    fresh_ = false;
    spans.back().text += words;
  }

  std::vector<std::pair<bool, int>> lists_;
  std::string marker_;
  SpanKind kind_ = SpanKind::text;
  int quote_ = 0, bold_ = 0, italic_ = 0, strike_ = 0, link_ = -1;
  bool open_ = false, cell_ = false, fresh_ = false;
};

}  // namespace

Document parse(std::string_view markdown) {
  Builder builder;
  MD_PARSER parser{};
  parser.flags =
      MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_LATEXMATHSPANS | MD_FLAG_PERMISSIVEURLAUTOLINKS;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
    static_cast<Builder*>(self)->enter_block(type, detail);
    return 0;
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) {
    static_cast<Builder*>(self)->leave_block(type);
    return 0;
  };
  parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
    static_cast<Builder*>(self)->span(type, detail, true);
    return 0;
  };
  parser.leave_span = [](MD_SPANTYPE type, void* detail, void* self) {
    static_cast<Builder*>(self)->span(type, detail, false);
    return 0;
  };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* words, MD_SIZE size, void* self) {
    static_cast<Builder*>(self)->text(type, std::string_view(words, size));
    return 0;
  };
  md_parse(markdown.data(), static_cast<MD_SIZE>(markdown.size()), &parser, &builder);
  return std::move(builder.document);
}

}  // namespace alab::shell::md
