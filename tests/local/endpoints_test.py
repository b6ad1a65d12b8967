"""The table that the partitions are held to is what botocore says."""
import pathlib
import unittest

from support import aws_endpoints

TABLE = pathlib.Path(__file__).resolve().parent.parent / "aws/data/endpoints.txt"


class Endpoints(unittest.TestCase):
    def test_the_table_is_botocores(self):
        self.assertEqual(TABLE.read_text().splitlines(), list(aws_endpoints.lines()))


if __name__ == "__main__":
    unittest.main()
