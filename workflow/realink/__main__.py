from realink.cli import main

main()
