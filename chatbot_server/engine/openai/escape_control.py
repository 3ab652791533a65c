"""Control strings in what visitors, pages and models wrote, made harmless for other servers.

A remote server applies the chat format itself and reads the whole as one text, so
``<|im_start|>`` typed by a visitor would become a control token there. Here a space is put
after its first character: ``< |im_start|>``. People still see what was typed, no tokenizer
takes it for its own. Ordinary text, HTML included, is left as it is.
"""

from __future__ import annotations

import re

# Every family of reference: Llama 2 and 3, Mistral, ChatML, Zephyr, Phi, Gemma, DeepSeek,
# GLM, StableLM, OpenAssistant, Falcon, Granite, Command R, and the shared BOS, EOS, think
# and tool markers.
_NAMES = (
    "s|bos|eos|pad|unk|mask|cls|sep|sop|eop|start_of_turn|end_of_turn|start_of_image|"
    "end_of_image|start_of_role|end_of_role|end_of_text|end_of_utterance|think|thinking|"
    "tool_call|tool_calls|tool_response|tools|image|audio|video|seed:bos|seed:eos"
)
CONTROL = re.compile(
    r"<[|｜][^\s<>]{1,60}>"  # <|im_start|>, <｜User｜>, <|turn>
    r"|<[^\s<>]{1,60}[|｜]>"  # <turn|>
    rf"|</?(?:{_NAMES})>"
    r"|<</?SYS>>"
    r"|<(?:unused|extra_id_|reserved_)\w{1,20}>"
    r"|<(?:fim|issue|jupyter|commit)[_-][a-z]{1,20}>"  # StarCoder's
    r"|<(?:filename|gh_stars|reponame|empty_output)>"
    r"|>>[A-Z]{4,20}<<"  # Falcon's
    r"|(?-i:\[/?[A-Z][A-Z_]{1,40}\])"  # [INST], [/INST], [SYSTEM_PROMPT], [TOOL_CALLS]
    r"|\[gMASK\]",
    re.IGNORECASE,
)


def neutral(text: str) -> str:
    """*text* in which nothing is a control string. Harmless text comes back unchanged.

    One pass is not enough: ``<<SYS>>`` without its first pair of brackets may be one again.
    """
    while CONTROL.search(text):
        text = CONTROL.sub(lambda found: f"{found.group()[0]} {found.group()[1:]}", text)
    return text
