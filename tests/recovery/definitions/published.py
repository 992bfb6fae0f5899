"""Every definition there is here."""

from tests.recovery.definitions import ec2, fargate, traffic

ALL = (*fargate.ALL, *ec2.ALL, *traffic.ALL)
