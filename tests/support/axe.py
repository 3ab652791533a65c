"""Expressions that a browser evaluates to the faults that axe-core finds on its page."""

from __future__ import annotations


def faults_of(context: str = "document", rules: str = "") -> str:
    """An expression for the faults in *context*, by all rules or by *rules* (JavaScript).

    Its value is a list of texts: the rule, and the element that breaks it.
    """
    only = f", runOnly: {rules}" if rules else ""
    return f"""axe.run({context}, {{resultTypes: ["violations"]{only}}}).then(
        ({{ violations }}) => violations.flatMap(
            ({{ id, nodes }}) => nodes.map(({{ html }}) => `${{id}}: ${{html}}`)))"""


ALL_FAULTS = faults_of()
# All that other colours can break.
COLOUR_FAULTS = faults_of(rules='["color-contrast", "link-in-text-block"]')
