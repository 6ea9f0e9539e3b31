"""`python -m scripts.attacks`: attack a simulated arena."""

from scripts.attacks.command import attack_sim

if __name__ == "__main__":
    attack_sim()
