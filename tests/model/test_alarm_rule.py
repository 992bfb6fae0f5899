"""The alarms in a composite alarm's rule, and the names in a metric expression."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakglass.model.alarm_rule import alarms_in, embedded, renewed
from breakglass.model.lead import Key
from breakglass.model.plan import Form, Joined, Output
from tests.kinds.changing import dimensions, made_again, world

BALANCER, GROUP = (one["Value"] for one in dimensions())


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)", ["CPUUtilizationTooHigh", "DiskReadOpsTooHigh"]),
        ("(ALARM(a) OR ALARM(b)) AND NOT OK(c)", ["a", "b", "c"]),
        ('ALARM("CPU (high), now") OR INSUFFICIENT_DATA( x )', ["CPU (high), now", "x"]),
        ("ALARM('y') AND ALARM(y)", ["y"]),
        ('AT_LEAST(2, ALARM, (a, "b c", d)) OR OK(e)', ["a", "b c", "d", "e"]),
        ("AT_LEAST(50%, NOT OK, (a,b)) AND TRUE", ["a", "b"]),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:111122223333:alarm:q)", ["q"]),
        ('ALARM("OK(x)")', ["OK(x)"]),
        ("FALSE", []),
        ("", []),
    ],
)
def test_a_rule_says_what_it_is_made_of(rule, expected):
    assert list(alarms_in(rule)) == expected


names = st.text(st.characters(codec="ascii", exclude_characters="\"'\\", exclude_categories=["Cc"]), min_size=1).filter(
    lambda name: name == name.strip()
)


@given(st.lists(names, min_size=1, max_size=5, unique=True), st.sampled_from([" AND ", " OR ", ") OR NOT ("]))
def test_names_in_quotes_are_found_whatever_is_in_them(some, between):
    rule = "(" + between.join(f'ALARM("{name}")' for name in some) + ")"
    assert list(alarms_in(rule)) == some


def test_an_expression_follows_what_is_made_again():
    expression = f"SUM(SEARCH('LoadBalancer=\"{BALANCER}\" AND TargetGroup={GROUP}', 'Sum', 60))"
    assert embedded(expression) == [BALANCER, GROUP]
    assert renewed(expression, world()) == expression
    assert renewed(expression, made_again()) == Joined(
        (
            "SUM(SEARCH('LoadBalancer=\"",
            Output(Key("load-balancer", "deployer-api"), "LoadBalancerArn", Form.DIMENSION),
            '" AND TargetGroup=',
            Output(Key("target-group", "deployer-api"), "TargetGroupArn", Form.DIMENSION),
            "', 'Sum', 60))",
        )
    )


@pytest.mark.parametrize("expression", ["m1 / m2 * 100", "ANOMALY_DETECTION_BAND(m1, 2)", "app/x", ""])
def test_what_names_nothing_stays(expression):
    assert embedded(expression) == []
    assert renewed(expression, made_again()) == expression
