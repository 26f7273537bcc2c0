"""The talk's protocols, claims and controls: what realink itself need not know."""
