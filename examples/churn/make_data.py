#!/usr/bin/env python3
"""Writes customers.csv: 7,000 made-up customers of a telephone company, and who of them left.

usage: make_data.py [FILE]      the same bytes each time
"""
import csv
import datetime
import math
import random
import sys

ROWS = 7000
CONTRACTS = {"month to month": 0.55, "one year": 0.21, "two years": 0.24}
PAYMENTS = {"bank transfer": 0.22, "credit card": 0.21, "electronic check": 0.34, "mailed check": 0.23}
INTERNET = {"fiber": 0.44, "dsl": 0.34, "none": 0.22}
LEAVES = {"month to month": 1.1, "one year": -0.6, "two years": -1.8, "electronic check": 0.5, "fiber": 0.6, "none": -0.8}


def pick(generator, shares):
    return generator.choices(list(shares), list(shares.values()))[0]


def customer(generator, number):
    contract, payment, internet = (pick(generator, shares) for shares in (CONTRACTS, PAYMENTS, INTERNET))
    tenure = min(72, int(generator.expovariate(1 / (18 if contract == "month to month" else 42))) + 1)
    monthly = {"fiber": 75, "dsl": 50, "none": 20}[internet] + generator.gauss(8, 9)
    calls = min(9, int(generator.expovariate(0.9)))
    # Long customers stay, those who call for help leave, and most of all those with a dear contract and bad service.
    score = (-1.3 + LEAVES[contract] + LEAVES.get(payment, 0) + LEAVES.get(internet, 0) - 0.035 * tenure
             + 0.012 * (monthly - 60) + 0.3 * calls + (0.9 if calls >= 3 and monthly > 70 else 0))
    left = generator.random() < 1 / (1 + math.exp(-score))
    # Asked in the order of the year, so that the latest can measure the model.
    asked = datetime.date(2025, 1, 1) + datetime.timedelta(days=number * 365 // ROWS)
    return {
        "asked": asked.isoformat(),
        "tenure_months": tenure,
        "monthly_charge": f"{max(monthly, 15):.2f}",
        "total_charge": "" if tenure == 1 else f"{max(monthly, 15) * tenure * generator.uniform(0.95, 1.05):.2f}",
        "support_calls": calls,
        "contract": contract,
        "payment": payment if generator.random() > 0.01 else "",
        "internet": internet,
        "left": "true" if left else "false",
    }


def main():
    generator = random.Random(2025)
    rows = [customer(generator, number) for number in range(ROWS)]
    with open(sys.argv[1] if len(sys.argv) > 1 else "customers.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
