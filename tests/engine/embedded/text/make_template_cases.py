#!/usr/bin/env python3
"""Writes template_cases.json: chat templates, inputs, and what Python's jinja2 makes of them.

Usage: make_template_cases.py > template_cases.json   (needs: jinja2)

The environment is the one Hugging Face's transformers renders chat templates with: sandboxed and
immutable, trim_blocks and lstrip_blocks on, loop controls, its own tojson and raise_exception. The
templates are our own, in the style of the well-known model families.
"""

import datetime
import json
import sys

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = 1735689600  # 2025-01-01 00:00:00 UTC


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    def strftime_now(form):
        return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).strftime(form)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = strftime_now
    return env


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": 'Current "weather" in a city – °C',
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "name"},
                "days": {"type": "integer", "enum": [1, 2, 3], "default": 1.5},
            },
            "required": ["city"],
        },
    },
}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Kö<ln>"}}}
    ],
}
CONVERSATIONS = [
    {"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": True},
    {
        "messages": [
            {"role": "system", "content": "  Be brief.\n"},
            {"role": "user", "content": "What's 2+2?"},
            {"role": "assistant", "content": "<think>\nadd\n</think>\n\n4 "},
            {"role": "user", "content": "Danke ☺ {{ x }}"},
        ],
        "add_generation_prompt": True,
    },
    {
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "weather?"},
            CALL,
            {"role": "tool", "name": "get_weather", "tool_call_id": "c1", "content": '{"t": 21.0}'},
            {"role": "tool", "name": "get_weather", "tool_call_id": "c2", "content": "second"},
            {"role": "assistant", "content": "21 °C"},
            {"role": "user", "content": "thanks"},
        ],
        "tools": [TOOL, {"type": "function", "function": {"name": "noop", "parameters": {}}}],
        "add_generation_prompt": False,
    },
    {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image"}, {"type": "text", "text": " here"}]}
        ],
        "add_generation_prompt": True,
        "enable_thinking": False,
    },
    {"messages": [{"role": "assistant", "content": "I start"}, {"role": "assistant", "content": "again"}]},
    {"messages": []},
]
COMMON = {"bos_token": "<s>", "eos_token": "</s>", "now_unix_s": NOW}

FAMILIES = {
    "smollm2": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}""",
    "chatml": """{%- for m in messages -%}
    {{- '<|im_start|>' ~ m.role ~ '\\n' ~ (m.content or '') ~ '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
""",
    "llama2": """{% if messages and messages[0]['role'] == 'system' %}
{% set system = messages[0]['content'] %}
{% set rest = messages[1:] %}
{% else %}
{% set system = false %}
{% set rest = messages %}
{% endif %}
{% for message in rest %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}
{% endif %}
{% if loop.index0 == 0 and system != false %}
{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content'] %}
{% else %}
{% set content = message['content'] %}
{% endif %}
{% if message['role'] == 'user' %}
{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
{% elif message['role'] == 'assistant' %}
{{ ' ' + content.strip() + ' ' + eos_token }}
{% endif %}
{% endfor %}""",
    "llama3": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- System message -#}
{%- if messages and messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {{- "You have access to the following functions.\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {%- if message.content is string %}{{ message['content'] | trim }}{% else %}
            {%- for part in message.content if part.type == 'text' %}{{ part.text }}{% endfor %}
        {%- endif %}
        {{- '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "qwen": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages and messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning_content)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "mistral": """{%- if messages and messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is defined and tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" }}{%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " ~ message["content"] ~ "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 2 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 2!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}{{- ", " }}{%- else %}{{- "]" + eos_token }}{%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- elif message["role"] == "tool" %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content|string + ", " }}
        {{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported") }}
    {%- endif %}
{%- endfor %}
""",
    "gemma": """{{ bos_token }}{% if messages and messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' }}{%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
{{ '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}""",
    "phi": """{% for message in messages %}{% if message['role'] in ['system', 'user'] %}{{'<|' + message['role'] + '|>\\n' + message['content']|string + '<|end|>\\n'}}{% elif message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}{% endgeneration %}{% endif %}{% else %}nothing{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}
""".replace("{% generation %}", "").replace("{% endgeneration %}", ""),
    "macros": """{%- macro json_to_python_type(spec) %}
{%- set basic = {"string": "str", "integer": "int", "number": "float"} %}
{%- if basic[spec.type] is defined %}
    {{- basic[spec.type] }}
{%- elif spec.type == "array" %}
    {{- "list[" + json_to_python_type(spec.items) + "]" }}
{%- elif spec.type == "object" %}
    {{- "dict" }}
{%- else %}
    {{- "Any" }}
{%- endif %}
{%- endmacro %}
{%- macro wrap(tag, n=1) %}<{{ tag }}:{{ n }}>{{ caller("x") if caller is defined }}</{{ tag }}>{% endmacro %}
{%- for tool in tools or [] %}
def {{ tool.function.name }}({% for name, spec in (tool.function.parameters.properties or {}).items() %}{{ name }}: {{ json_to_python_type(spec) }}{{ ", " if not loop.last }}{% endfor %})
{% endfor %}
{% call(v) wrap("b", n=2) %}in {{ v }}{% endcall %} {{ wrap("i") }}
{% filter upper | trim %}  loud {{ messages|length }} {% endfilter %}
{%- set captured %}[{% for m in messages %}{{ m.role[0] }}{% endfor %}]{% endset %}
{%- set up | upper %}abc{% endset %}
{{ captured ~ up }}
""",
}

DATA = {
    "a": 7,
    "b": -3,
    "f": 2.5,
    "s": "Hello World",
    "t": "  padded\t\n",
    "u": "naïve 日本",
    "e": "",
    "z": None,
    "yes": True,
    "l": [3, 1, 2],
    "w": ["b", "A", "c", "a", "B"],
    "d": {"x": 1, "y": {"z": [10, 20]}, "items": "mine"},
    "p": [{"n": "q", "v": 2, "on": True}, {"n": "r", "v": 1, "on": False}, {"n": "S", "v": 3}],
    "big": 1e22,
    "small": 0.00001,
}
EXPRESSIONS = """
a + b * 2|abs
a // 2 ~ ',' ~ a % 3 ~ ',' ~ b // 2 ~ ',' ~ b % 2 ~ ',' ~ a / 2
-a ** 2
2 ** 3 ** 2
2 ** -1
7.5 // 2 ~ ' ' ~ -7.5 % 2
1 < 2 < 3 and not 3 < 2
1 < a <= 7 != 8
yes + 1
yes == 1
f * 2
1.0
big ~ ' ' ~ small ~ ' ' ~ 1e16 ~ ' ' ~ 123456789.125 ~ ' ' ~ 1e15
10 / 5
'x' * 3 ~ [1] * 2
[1] + [2, 'x']
(1, 2) + (3,)
(1,)
()
{'k': [1, none, true, 1.5, "it's"]}
['a"b', "it's", 'both\\'"', '\\n\\\\']
not a
a and b or c
e or 'default'
missing or 'gone'
missing
missing is defined
missing.x
d.missing.x
s.missing is undefined
missing|default('d')
e|default('d')
e|default('d', true)
z|d('n')
s[0] ~ s[-1] ~ s[2:5] ~ s[::-1] ~ s[-3:] ~ s[:-3] ~ s[10:2:-3]
u[2] ~ u[-1] ~ u|length ~ u[::-1]
l[::-1]
l[-2:]
l[5:]
l[1:100]
l[5]
l[-1]
d.y.z.1
d.y['z'][0]
d['items']
d.items()|list
d.keys()|list
d.values()|list
d.get('x') ~ d.get('nope') ~ d.get('nope', 5)
d|length
d|list
'x' in d
'q' not in d
2 in l
'World' in s
'' in s
5 in missing
s is string and l is sequence and d is mapping and z is none and a is number
s is iterable ~ a is iterable ~ missing is iterable ~ d is sequence
yes is boolean ~ yes is number ~ yes is integer ~ a is integer ~ f is float ~ yes is true ~ a is true
a is odd ~ a is even ~ a is divisibleby 7 ~ a is divisibleby(2)
a is eq 7
a is not none
a is in [1, 7]
s is lower ~ s is upper ~ 'abc' is lower ~ '12' is upper
a is sameas a
range is callable
s.upper() ~ s.lower() ~ 'ab cd-ef'.title() ~ 'hELLO x'.capitalize()
t.strip() ~ '|' ~ t.lstrip() ~ '|' ~ t.rstrip()
'xxaxx'.strip('x') ~ 'xyax'.lstrip('yx') ~ 'xay'.rstrip('y')
'a,b,,c'.split(',')
' a  b c '.split()
' a  b c '.split(none, 1)
'a-b-c'.rsplit('-', 1)
'a-b-c'.split('-', 1)
'a\\nb\\r\\nc\\n'.splitlines()
s.startswith('Hell') ~ s.endswith('x') ~ s.startswith(('a', 'H'))
s.replace('l', 'L') ~ s.replace('l', 'L', 1)
'abc'.replace('', '-')
'-'.join(w)
s.find('o') ~ s.rfind('o') ~ s.find('zz') ~ u.find('日') ~ s.count('l') ~ s.index('W')
'12'.isdigit() ~ 'a1'.isdigit() ~ 'ab'.isalpha() ~ ' '.isspace() ~ 'a1'.isalnum() ~ ''.isalpha()
'prefix-x'.removeprefix('prefix-') ~ 'x.py'.removesuffix('.py')
t|trim ~ '|' ~ 'xax'|trim('x')
s|upper ~ s|lower ~ 'foo bar-baz (qux) [a'|title ~ 'fOO'|capitalize
l|length ~ s|count
l|first ~ l|last ~ s|first ~ s|last
[]|first is defined
l|sort ~ l|sort(reverse=true)
w|sort ~ w|sort(case_sensitive=true)
p|sort(attribute='v')|map(attribute='n')|join(',')
p|map(attribute='n')|list
p|map(attribute='on', default='?')|list
w|map('upper')|join
['a-b']|map('replace', '-', '+')|list
p|selectattr('on')|map(attribute='n')|list
p|selectattr('v', 'gt', 1)|list|length
p|selectattr('on', 'defined')|list|length
p|rejectattr('n', 'equalto', 'q')|map(attribute='v')|list
p|selectattr('n', 'in', ['q', 'S'])|map(attribute='n')|list
l|select('odd')|list
l|reject('odd')|list
[0, 1, '', 'x']|select|list
w|unique|list
l|reverse|list
s|reverse
l|min ~ l|max ~ l|sum ~ w|min
p|sum(attribute='v')
p|map(attribute='v')|sum
[1, 2]|join('-') ~ l|join
p|join(',', attribute='n')
d|items|list
{'b': 1, 'a': 2}|dictsort
s|replace('o', '0') ~ s|replace('o', '0', 1)
a|string + 'x'
'42'|int + 1
'4.7'|int ~ 'x'|int ~ 'x'|int(9) ~ f|int ~ '3.5'|float ~ 3|float ~ 'y'|float(1.5)
'a\\nb\\n\\nc'|indent
'a\\nb\\n\\nc'|indent(2, true)
'a\\nb\\n\\nc'|indent(2, blank=true)
'a\\nb\\n'|indent
'<b>&"x"'|escape
'<b>'|safe
d|tojson
d|tojson(indent=2)
[]|tojson(indent=2) ~ {}|tojson(indent=2) ~ [[]]|tojson(indent=1)
{'b': 1, 'a': [1, {'c': none}]}|tojson(sort_keys=true)
{'a': 1, 'b': [1, 2]}|tojson(separators=(',', ':'))
u|tojson ~ u|tojson(ensure_ascii=true) ~ '𝄞'|tojson(ensure_ascii=true)
'\\x01\\t\\x7f</script>\\'"\\\\'|tojson
[1.0, 1e22, 0.00001, -0.0, true, none]|tojson
missing|tojson
range(3)|list ~ range(1, 4)|list ~ range(5, 0, -2)|list
dict(a=1, b='x')
'a' if yes else 'b'
'a' if not yes
'a' if e else 'b' if z else 'c'
(a if yes)|string
'con' 'cat'
"esc \\" \\u00e9 \\x41"
a.b is defined
a|string|length
-a|abs
-(a|abs)
not a is defined
a is defined and b is defined
l == [3, 1, 2] and d == {'y': {'z': [10, 20]}, 'x': 1, 'items': 'mine'}
[1, 2] < [1, 3]
'a' < 'b'
(1, 2) == [1, 2]
1 == 1.0
none == none
missing == nothing
[missing]
none
true
[none, true]
1, 2
'%s' ~ 5
a < s
a + s
z + 'x'
s + z
z.x
z|length
a|length
missing + 1
missing()
s()
l.append(4)
1 / 0
5 in 'x'
range(0, 5, 0)|list
namespace(x=1).x
strftime_now('%d %B %Y, %H:%M')
{'a': 1}['a'] ~ {'a': {'b': 2}}.a.b
[[1, 2], [3]]|map('first')|list
{"x": {"items": 5}}.x['items']
9223372036854775807
0.1 + 0.2
1_000
l|map('string')|join('+')
""".strip().split("\n")

STATEMENTS = [
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}",
    "{% for x in [] %}x{% else %}empty{% endfor %}",
    "{% for x in missing %}x{% else %}empty{% endfor %}",
    "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}",
    "{% for x in l if x > 5 %}{{ x }}{% else %}none{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for (k, v) in {'a': 1}|items %}{{ k }}{{ v }}{% endfor %}",
    "{% for c in u %}{{ c }}.{% endfor %}",
    "{% for k in d %}{{ k }}{% endfor %}",
    "{% for x in z %}{% endfor %}",
    "{% for a, b in [[1, 2, 3]] %}{% endfor %}",
    "{% for x in l %}{% for y in w %}{{ loop.depth }}{{ loop.cycle('o', 'e') }}{% endfor %}|{% endfor %}",
    "{% for x in range(9) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
    "{% set n = namespace(c=0, s='') %}{% for i in l %}{% set n.c = n.c + i %}{% set n.s = n.s ~ i %}{% endfor %}{{ n.c }}{{ n.s }}",
    "{% if z %}1{% elif e %}2{% elif a %}3{% else %}4{% endif %}",
    "{% set a, b = 1, 2 %}{{ b }}{{ a }}",
    "{% set x = 1, 2 %}{{ x }}",
    "{% set x %}\n  body {{ a }}\n{% endset %}[{{ x }}]",
    "{% macro m(a, b=2, c='z') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, c=3) }} {{ m() }} {{ m(1, 2, 3)|length }}",
    "{% macro m(a) %}{{ a }}{{ outer }}{% endmacro %}{% set outer = 'late' %}{{ m(1) }}",
    "{% macro m() %}x{% endmacro %}{{ m(1) }}",
    "{% macro m() %}x{% endmacro %}{{ m(k=1) }}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro w() %}[{{ caller() }}]{% endmacro %}{% call w() %}body {{ a }}{% endcall %}",
    "{% macro w() %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i, p='!') w() %}{{ i }}{{ p }}{% endcall %}",
    "{% filter upper %}x{{ s }}{% endfilter %}",
    "  {% if yes %}\n  in\n  {% endif %}\nout",
    "a\n   {%- if yes -%}   \n  b  \n {%- endif -%}  \n c",
    "a\n   {%+ if yes %}x{% endif +%}\n b",
    "{% if yes +%}\nx{% endif %}\n\ny\n",
    "  {# note #}\n x {#- tight -#} y {# z #}\n\nw",
    "  {{ a }}\n  {{- b -}}  \n  end  \n\n",
    "a {% raw %}{{ not }} {% x %}{% endraw %} b",
    "a {%- raw -%}  {{ x }}  {%- endraw -%} b",
    "x\r\ny\r\n{% if yes %}\r\nz\r\n{% endif %}\r\n",
    "{{ '}}' }}{{ {'a': {'b': 1}} }}{{ '{%' }}",
    "{% set q = '%}' %}{{ q }}",
    "{{ 'a\nb' }}",
    "{",
    "{ {a} }",
    "\n\n{% set x = 1 %}\n\n{{ x }}\n\n",
    "\t {% set x = 1 %} {{ x }}",
    "x {% set y = 1 %}\n  z",
    "{{ raise_exception('no: ' ~ a) }}",
    "{{ raise_exception('ü') if yes }}",
    "{% for m in p %}{{ m.n }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{{ p[0].n }}{{ p[0]['n'] }}{{ p[-1].on is defined }}",
    "{% set ns = namespace(d={'k': 1}) %}{{ ns.d.k }}{% set ns.d = 2 %}{{ ns.d }}{{ ns.nope is defined }}",
    "{% set a.b = 1 %}",
    "{% for x in [1, 2] %}{% set loop_x = x %}{% endfor %}{{ loop_x is defined }}",
    "{% if yes %}{% set inner = 5 %}{% endif %}{{ inner }}",
    "{% set x = [] %}{% for i in l %}{% set x = x + [i] %}{% endfor %}{{ x }}",
    "{{ loop is defined }}",
    "{% for i in l recursive %}{{ i }}{% endfor %}" if False else "{{ l|length > 2 and 'many' or 'few' }}",
    "{% for i in range(3) %}{{ i }}{{ ',' if not loop.last else '.' }}{% endfor %}",
    "{%for x in l%}{{x}}{%endfor%}{%if a==7%}seven{%endif%}",
    "{{a}}{{ a}}{{a }}{{-a}}{{- a}}",
]


def run(env, template, variables):
    try:
        return {"output": env.from_string(template).render(**variables)}
    except Exception as error:  # what Python raises is what a client would see as an error
        raised = type(error) is jinja2.exceptions.TemplateError
        return {"error": str(error) if raised else ""}


def main():
    env = environment()
    cases = []
    for name, template in FAMILIES.items():
        for number, conversation in enumerate(CONVERSATIONS):
            variables = {**COMMON, **conversation}
            case = {"name": f"{name}_{number}", "template": template, "variables": variables}
            cases.append({**case, **run(env, template, variables)})
    for number, text in enumerate(EXPRESSIONS + STATEMENTS):
        template = "{{ " + text + " }}" if number < len(EXPRESSIONS) else text
        case = {"name": text[:60], "template": template, "data": True}
        cases.append({**case, **run(env, template, DATA)})
    data = {**DATA, "now_unix_s": NOW}
    json.dump({"data": data, "cases": cases}, sys.stdout, ensure_ascii=False, indent=0)
    print()


if __name__ == "__main__":
    main()
