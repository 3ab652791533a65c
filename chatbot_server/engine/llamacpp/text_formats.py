"""Grammars of the texts that a JSON Schema's ``format`` asks for.

Each lets through texts of the format only, not every one of them: addresses are short and have
plain letters.
"""

from __future__ import annotations

from typing import NamedTuple


class TextFormat(NamedTuple):
    """The expression of one format, and how many characters its texts have."""

    expression: str
    shortest: int
    longest: int


_MONTH_DAY = '( "0" [1-9] | "1" [0-2] ) "-" ( "0" [1-9] | [12] [0-9] | "3" [01] )'
_DATE = f'[0-9]{{4}} "-" {_MONTH_DAY}'
_CLOCK = '( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9]'
_TIME = f'{_CLOCK} ":" [0-5] [0-9] ( "." [0-9]{{1,6}} )? ( "Z" | [-+] {_CLOCK} )'
_UUID = "[0-9a-f]{8} " + '"-" [0-9a-f]{4} ' * 3 + '"-" [0-9a-f]{12}'
_BYTE = '( [1-9]? [0-9] | "1" [0-9]{2} | "2" ( [0-4] [0-9] | "5" [0-5] ) )'
# Labels without hyphens: “ab--c” is no name, and neither is “a-”.
_HOST = '[a-z0-9]{1,20} ( "." [a-z0-9]{1,20} )? "." [a-z]{2,8}'
_PERSON = '[A-Za-z0-9_] [A-Za-z0-9_-]{0,19} ( "." [A-Za-z0-9_-]{1,20} )?'

FORMATS = {
    "date": TextFormat(_DATE, 10, 10),
    "time": TextFormat(_TIME, 9, 21),
    "date-time": TextFormat(f'{_DATE} "T" {_TIME}', 20, 32),
    "uuid": TextFormat(_UUID, 36, 36),
    "ipv4": TextFormat(f'{_BYTE} ( "." {_BYTE} ){{3}}', 7, 15),
    "hostname": TextFormat(_HOST, 4, 50),
    "email": TextFormat(f'{_PERSON} "@" {_HOST}', 6, 92),
    "uri": TextFormat(f'"http" "s"? "://" {_HOST} ( "/" [A-Za-z0-9._~-]{{0,20}} ){{0,3}}', 11, 121),
}
